//! Which SQL types a column may have for what it is declared as, and how it is then read.

use longshore_protocol::ColumnType;
use tokio_postgres::types::{Kind as TypeKind, Type};

use super::decode::{self, Append};
use crate::config::{StoredAs, TypeName};
use crate::introspect::Reading;
use crate::statement::Dialect;

/// SQL types as far as they are read differently. Domains count as the types they are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// smallint, integer or bigint.
    Whole,
    Oid,
    Numeric,
    Money,
    /// real.
    Single,
    /// double precision.
    Double,
    /// Types whose text is sent as it is, and compared as text.
    Text,
    Boolean,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Uuid,
    Json,
    Jsonb,
    /// With the cast to it, and its values.
    Enum(String, Vec<String>),
    Bytes,
    /// What no other kind fits, for instance arrays, ranges, addresses and intervals: the server makes text of it. Says whether
    /// it has an order.
    Other {
        has_order: bool,
    },
}

impl Kind {
    pub(crate) fn of(sql_type: &Type) -> Kind {
        match sql_type.kind() {
            TypeKind::Domain(base) => return Kind::of(base),
            TypeKind::Enum(values) => {
                let quoted = |name: &str| Dialect::Postgres.quoted(name);
                let cast = format!("::{}.{}", quoted(sql_type.schema()), quoted(sql_type.name()));
                return Kind::Enum(cast, values.clone());
            }
            _ => {}
        }
        match *sql_type {
            Type::INT2 | Type::INT4 | Type::INT8 => Kind::Whole,
            Type::OID => Kind::Oid,
            Type::NUMERIC => Kind::Numeric,
            Type::MONEY => Kind::Money,
            Type::FLOAT4 => Kind::Single,
            Type::FLOAT8 => Kind::Double,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => Kind::Text,
            Type::BOOL => Kind::Boolean,
            Type::DATE => Kind::Date,
            Type::TIME => Kind::Time,
            Type::TIMESTAMP => Kind::Timestamp,
            Type::TIMESTAMPTZ => Kind::TimestampTz,
            Type::UUID => Kind::Uuid,
            Type::JSON => Kind::Json,
            Type::JSONB => Kind::Jsonb,
            Type::BYTEA => Kind::Bytes,
            Type::XML
            | Type::POINT
            | Type::LINE
            | Type::LSEG
            | Type::BOX
            | Type::PATH
            | Type::POLYGON
            | Type::CIRCLE
            | Type::XID
            | Type::CID
            | Type::ACLITEM => Kind::Other { has_order: false },
            _ if sql_type.name() == "citext" => Kind::Text,
            _ => Kind::Other { has_order: is_ordered(sql_type) },
        }
    }

    /// What a dataset may declare a column of it to be, the best first.
    pub(crate) fn readings(&self) -> Vec<Reading> {
        use StoredAs::{Bytes, ScaledInteger, UnixMillis, UnixSeconds};
        let plain = |types: &[TypeName]| types.iter().copied().map(Reading::plain).collect();
        match self {
            Kind::Whole => {
                let mut readings: Vec<Reading> = plain(&[
                    TypeName::Integer,
                    TypeName::Text,
                    TypeName::Decimal,
                    TypeName::Float,
                    TypeName::Boolean,
                ]);
                readings.push(Reading::stored(TypeName::Decimal, ScaledInteger));
                for column_type in [TypeName::TimestampTz, TypeName::Timestamp, TypeName::Date] {
                    readings.push(Reading::stored(column_type, UnixSeconds));
                    readings.push(Reading::stored(column_type, UnixMillis));
                }
                readings
            }
            Kind::Oid => plain(&[TypeName::Integer, TypeName::Text]),
            Kind::Numeric => {
                let mut readings: Vec<Reading> =
                    plain(&[TypeName::Decimal, TypeName::Integer, TypeName::Float, TypeName::Text]);
                readings.push(Reading::stored(TypeName::Decimal, ScaledInteger));
                readings
            }
            Kind::Money => plain(&[TypeName::Decimal, TypeName::Text]),
            Kind::Single | Kind::Double => plain(&[TypeName::Float, TypeName::Text]),
            Kind::Boolean => plain(&[TypeName::Boolean, TypeName::Text]),
            Kind::Date => plain(&[TypeName::Date, TypeName::Text]),
            Kind::Time => plain(&[TypeName::Time, TypeName::Text]),
            Kind::Timestamp => plain(&[TypeName::Timestamp, TypeName::Text]),
            Kind::TimestampTz => plain(&[TypeName::TimestampTz, TypeName::Text]),
            Kind::Bytes => vec![Reading::stored(TypeName::Text, Bytes)],
            Kind::Text | Kind::Uuid | Kind::Json | Kind::Jsonb | Kind::Enum(..) | Kind::Other { .. } => {
                plain(&[TypeName::Text])
            }
        }
    }

    /// How a column of it is read: a cast, and a function for the values of the type that this gives. `None` if the column can't
    /// be declared so.
    pub(crate) fn reader(
        &self,
        column_type: ColumnType,
        stored_as: StoredAs,
    ) -> Option<(&'static str, Append)> {
        use ColumnType as C;
        use StoredAs::{Bytes, Plain, ScaledInteger, UnixMillis, UnixSeconds};
        const AS_IT_IS: &str = "";
        const AS_TEXT: &str = "::text";
        let read: (&'static str, Append) = match (self, column_type, stored_as) {
            (Kind::Whole, C::Integer, Plain) => (AS_IT_IS, decode::integer),
            (Kind::Whole, C::Text, Plain) => (AS_IT_IS, decode::text_of_whole),
            (Kind::Whole, C::Decimal { .. }, Plain) => (AS_IT_IS, decode::decimal_of_whole),
            (Kind::Whole, C::Decimal { .. }, ScaledInteger) => (AS_IT_IS, decode::decimal_of_whole_units),
            (Kind::Whole, C::Float, Plain) => (AS_IT_IS, decode::float_of_whole),
            (Kind::Whole, C::Boolean, Plain) => (AS_IT_IS, decode::boolean_of_whole),
            (Kind::Whole, C::Date, UnixSeconds) => (AS_IT_IS, decode::date_of_seconds),
            (Kind::Whole, C::Date, UnixMillis) => (AS_IT_IS, decode::date_of_millis),
            (Kind::Whole, C::Timestamp, UnixSeconds) => (AS_IT_IS, decode::timestamp_of_seconds),
            (Kind::Whole, C::Timestamp, UnixMillis) => (AS_IT_IS, decode::timestamp_of_millis),
            (Kind::Whole, C::TimestampTz, UnixSeconds) => (AS_IT_IS, decode::moment_of_seconds),
            (Kind::Whole, C::TimestampTz, UnixMillis) => (AS_IT_IS, decode::moment_of_millis),
            (Kind::Oid, C::Integer, Plain) => (AS_IT_IS, decode::integer_of_oid),
            (Kind::Oid, C::Text, Plain) => (AS_IT_IS, decode::text_of_oid),
            (Kind::Numeric, C::Decimal { .. }, Plain) => (AS_IT_IS, decode::decimal),
            (Kind::Numeric, C::Decimal { .. }, ScaledInteger) => (AS_IT_IS, decode::decimal_of_units),
            (Kind::Numeric, C::Integer, Plain) => (AS_IT_IS, decode::integer_of_numeric),
            (Kind::Numeric, C::Float, Plain) => ("::float8", decode::float),
            (Kind::Money, C::Decimal { .. }, Plain) => ("::numeric", decode::decimal),
            (Kind::Single, C::Float, Plain) => (AS_IT_IS, decode::float_of_single),
            (Kind::Double, C::Float, Plain) => (AS_IT_IS, decode::float),
            (Kind::Boolean, C::Boolean, Plain) => (AS_IT_IS, decode::boolean),
            (Kind::Boolean, C::Text, Plain) => (AS_IT_IS, decode::text_of_boolean),
            (Kind::Date, C::Date, Plain) => (AS_IT_IS, decode::date),
            (Kind::Time, C::Time, Plain) => (AS_IT_IS, decode::time),
            (Kind::Timestamp, C::Timestamp, Plain) => (AS_IT_IS, decode::timestamp),
            (Kind::TimestampTz, C::TimestampTz, Plain) => (AS_IT_IS, decode::moment),
            (Kind::Uuid, C::Text, Plain) => (AS_IT_IS, decode::text_of_uuid),
            (Kind::Jsonb, C::Text, Plain) => (AS_IT_IS, decode::json_of_jsonb),
            (Kind::Bytes, C::Text, Bytes) => (AS_IT_IS, decode::text_of_bytes),
            (Kind::Bytes, ..) => return None,
            (Kind::Text | Kind::Json | Kind::Enum(..), C::Text, Plain) => (AS_IT_IS, decode::text),
            (_, C::Text, Plain) => (AS_TEXT, decode::text),
            _ => return None,
        };
        Some(read)
    }

    /// The cast that gives it an order where it has none.
    pub(super) fn order_cast(&self) -> Option<&'static str> {
        matches!(self, Kind::Json | Kind::Other { has_order: false }).then_some("::text")
    }
}

/// Whether values of a type that no other kind fits can be sorted as they are.
fn is_ordered(sql_type: &Type) -> bool {
    match sql_type.kind() {
        TypeKind::Array(element) => match Kind::of(element) {
            Kind::Json => false,
            Kind::Other { has_order } => has_order,
            _ => true,
        },
        TypeKind::Range(_) | TypeKind::Multirange(_) => true,
        // Types of extensions and rows of tables may have none.
        _ => matches!(
            *sql_type,
            Type::TIMETZ
                | Type::INTERVAL
                | Type::BIT
                | Type::VARBIT
                | Type::INET
                | Type::CIDR
                | Type::MACADDR
                | Type::MACADDR8
                | Type::TS_VECTOR
                | Type::TSQUERY
                | Type::CHAR
                | Type::PG_LSN
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPES: [TypeName; 9] = [
        TypeName::Text,
        TypeName::Integer,
        TypeName::Decimal,
        TypeName::Float,
        TypeName::Boolean,
        TypeName::Date,
        TypeName::Time,
        TypeName::Timestamp,
        TypeName::TimestampTz,
    ];
    const WAYS: [StoredAs; 6] = [
        StoredAs::Plain,
        StoredAs::IsoT,
        StoredAs::ScaledInteger,
        StoredAs::UnixSeconds,
        StoredAs::UnixMillis,
        StoredAs::Bytes,
    ];

    #[test]
    fn what_may_be_declared_is_what_can_be_read() {
        for kind in [
            Kind::Whole,
            Kind::Oid,
            Kind::Numeric,
            Kind::Money,
            Kind::Single,
            Kind::Double,
            Kind::Text,
            Kind::Boolean,
            Kind::Date,
            Kind::Time,
            Kind::Timestamp,
            Kind::TimestampTz,
            Kind::Uuid,
            Kind::Json,
            Kind::Jsonb,
            Kind::Enum(String::new(), Vec::new()),
            Kind::Bytes,
            Kind::Other { has_order: true },
        ] {
            for column_type in TYPES {
                for stored_as in WAYS {
                    let is_readable = kind.reader(column_type.with_scale(2), stored_as).is_some();
                    let is_listed = kind.readings().contains(&Reading { column_type, stored_as });
                    assert_eq!(is_readable, is_listed, "{kind:?} as {column_type:?}, {stored_as:?}");
                }
            }
        }
    }
}
