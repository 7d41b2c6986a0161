//! What columns of PostgreSQL keep, as its catalogue tells it, and what becomes of values whose form is the server's own affair.

use std::collections::HashMap;

use arrow_array::{Array, ArrayRef, UInt32Array};
use arrow_select::concat::concat;
use arrow_select::take::take;
use longshore_protocol::ColumnType;
use tokio_postgres::types::Type;

use super::super::connect::said;
use super::super::decode;
use super::super::kind::Kind;
use super::super::param::TextParam;
use super::super::write::Written;
use super::PostgresTarget;
use super::statement::quoted;
use crate::dataset::Column;
use crate::error::SourceError;
use crate::import::storage::{Form, Settles, Storage};
use crate::import::target::{Found, Place, Settled};
use crate::source::{Yield, count_column};

/// A column as the table declares it.
struct Declared {
    is_not_null: bool,
    has_default: bool,
    /// What the type was declared with, such as a length; -1 for nothing.
    modifier: i32,
    is_computed: bool,
    /// Whether the default is an empty text.
    is_empty_by_default: bool,
}

/// What the table keeps in the columns.
pub(super) fn of(
    target: &mut PostgresTarget,
    place: Place<'_>,
    columns: &[&Column],
) -> Result<Vec<Storage>, SourceError> {
    let types = target.types(place, columns)?;
    let sql = "SELECT attname::text, attnotnull::text, (atthasdef OR attidentity <> '')::text, atttypmod::text, \
         (attgenerated <> '')::text, COALESCE(pg_get_expr(adbin, adrelid) LIKE '''''::%', false)::text \
         FROM pg_catalog.pg_attribute LEFT JOIN pg_catalog.pg_attrdef ON adrelid = attrelid AND adnum = attnum \
         WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped";
    let mut declared: HashMap<String, Declared> = HashMap::new();
    for row in target.snapshot.texts(sql, &[&quoted(place)])? {
        let [Some(name), is_not_null, has_default, modifier, is_computed, is_empty] = row.as_slice() else {
            continue;
        };
        let is = |text: &Option<String>| text.as_deref() == Some("true");
        let modifier = modifier.as_deref().and_then(|modifier| modifier.parse().ok()).unwrap_or(-1);
        let found = Declared {
            is_not_null: is(is_not_null),
            has_default: is(has_default),
            modifier,
            is_computed: is(is_computed),
            is_empty_by_default: is(is_empty),
        };
        declared.insert(name.clone(), found);
    }
    let storages = columns.iter().zip(&types).map(|(column, sql_type)| {
        let storage = Storage::declared(column);
        let Some(found) = declared.get(&column.source) else { return storage };
        let is_text = column.column_type == ColumnType::Text && Kind::of(sql_type) == Kind::Text;
        let storage = Storage {
            is_nullable: !found.is_not_null,
            is_optional: !found.is_not_null || found.has_default,
            is_computed: found.is_computed,
            takes_empty: is_text && found.is_not_null && found.is_empty_by_default,
            ..storage
        };
        limited(storage, column, sql_type, found.modifier)
    });
    Ok(storages.collect())
}

/// Whether the server has a form of its own for texts of the column, or may refuse them.
fn settles(kind: &Kind, column: &Column, sql_type: &Type) -> Settles {
    if column.column_type != ColumnType::Text {
        return Settles::Never;
    }
    match kind {
        // Names are cut.
        Kind::Text if *sql_type == Type::NAME => Settles::Always,
        Kind::Text | Kind::Whole | Kind::Oid | Kind::Uuid | Kind::Json | Kind::Enum(..) | Kind::Bytes => {
            Settles::Never
        }
        Kind::Numeric
        | Kind::Money
        | Kind::Single
        | Kind::Double
        | Kind::Boolean
        | Kind::Date
        | Kind::Time
        | Kind::Timestamp
        | Kind::TimestampTz
        | Kind::Jsonb
        | Kind::Other { .. } => Settles::Always,
    }
}

/// What follows from a column's SQL type, and from its modifier, which is -1 for none.
fn limited(storage: Storage, column: &Column, sql_type: &Type, modifier: i32) -> Storage {
    let kind = Kind::of(sql_type);
    let is_text = column.column_type == ColumnType::Text;
    let whole = match *sql_type {
        Type::INT2 => Some((i64::from(i16::MIN), i64::from(i16::MAX))),
        Type::INT4 => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
        Type::INT8 => Some((i64::MIN, i64::MAX)),
        Type::OID => Some((0, i64::from(u32::MAX))),
        _ => None,
    };
    let unsigned = u32::try_from(modifier).ok();
    let length_max = match *sql_type {
        // Modifiers of these count the four bytes of a length.
        Type::VARCHAR | Type::BPCHAR => unsigned.and_then(|modifier| modifier.checked_sub(4)),
        _ => None,
    };
    let digits = match *sql_type {
        Type::NUMERIC => unsigned.and_then(|modifier| modifier.checked_sub(4)).and_then(|modifier| {
            let (precision, scale) = (modifier >> 16, modifier & 2047);
            Some((u8::try_from(precision.checked_sub(scale)?).ok()?, u8::try_from(scale).ok()?))
        }),
        _ => None,
    };
    let grain = match *sql_type {
        Type::TIME | Type::TIMESTAMP | Type::TIMESTAMPTZ => {
            unsigned.filter(|digits| *digits <= 6).map_or(1, |digits| 10i64.pow(6 - digits))
        }
        _ => storage.grain,
    };
    let form = match (kind.clone(), whole) {
        (_, Some((min, max))) if is_text => Form::Whole(min, max),
        (Kind::Enum(_, labels), _) => Form::Labels(labels),
        (Kind::Uuid, _) => Form::Uuid,
        (Kind::Json | Kind::Jsonb, _) => Form::Json,
        _ => storage.form.clone(),
    };
    Storage {
        whole: whole.filter(|_| !is_text).or(storage.whole),
        length_max,
        digits,
        grain,
        is_single: kind == Kind::Single,
        settles: settles(&kind, column, sql_type),
        form,
        ..storage
    }
}

/// What becomes of texts in a column. The server can only be asked of all in a statement whether they are of a type, so that halves are
/// asked of until it is known which are not.
pub(super) fn settled(
    target: &mut PostgresTarget,
    place: Place<'_>,
    column: &Column,
    values: &ArrayRef,
) -> Result<Settled, SourceError> {
    let sql = "SELECT format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute \
         WHERE attrelid = $1::text::regclass AND attname = $2::text AND attnum > 0 AND NOT attisdropped";
    let declared = target.snapshot.texts(sql, &[&quoted(place), &column.source])?;
    let Some(declared) = declared.into_iter().flatten().flatten().next() else {
        return Ok(Settled { values: ArrayRef::clone(values), wrong: Vec::new() });
    };
    let types = target.types(place, &[column])?;
    let kind = types.first().map_or(Kind::Text, Kind::of);
    let (cast, append) = target.reader(&kind, column, types.first())?;
    let sql =
        format!("SELECT u.n, (u.v0::{declared}){cast} FROM unnest($1::text[]) WITH ORDINALITY AS u (v0, n)");
    let rows: Vec<u32> = (0u32..).take(values.len()).filter(|row| values.is_valid(*row as usize)).collect();
    let (mut of_rows, mut parts, mut wrong) = (vec![None; values.len()], Vec::new(), Vec::new());
    let mut count = 0;
    let mut halves = vec![rows.as_slice()];
    while let Some(part) = halves.pop() {
        if part.is_empty() {
            continue;
        }
        let given = take(values, &UInt32Array::from(part.to_vec()), None)?;
        match converted(target, &sql, column, &kind, &given, append)? {
            Some(found) => {
                for (number, at) in (count..).zip(&found.at) {
                    of_rows[part[*at as usize] as usize] = Some(number);
                }
                count += u32::try_from(found.at.len()).unwrap_or(u32::MAX);
                parts.push(ArrayRef::clone(found.rows.column(0)));
            }
            None if part.len() == 1 => wrong.push(part[0] as usize),
            None => {
                let (first, second) = part.split_at(part.len() / 2);
                halves.extend([second, first]);
            }
        }
    }
    wrong.sort_unstable();
    // Something to take from, where nothing was of the type.
    parts.push(values.slice(0, 0));
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    let settled = take(&concat(&parts)?, &UInt32Array::from(of_rows), None)?;
    Ok(Settled { values: settled, wrong })
}

/// The texts as the server gives them back; `None` if it refuses one of them.
fn converted(
    target: &mut PostgresTarget,
    sql: &str,
    column: &Column,
    kind: &Kind,
    given: &ArrayRef,
    append: decode::Append,
) -> Result<Option<Found>, SourceError> {
    target.execute("SAVEPOINT before_texts")?;
    let number = count_column();
    let zone = target.zone.clone();
    let yields = Yield { columns: &[&number, column], zone: &zone, batch_rows: given.len() };
    let param = TextParam(Written { column, kind: kind.clone(), array: given }.array_text());
    let asked = target.ask_rows(sql.to_owned(), vec![param], &yields, vec![decode::integer, append]);
    match asked {
        Ok(rows) => {
            target.execute("RELEASE SAVEPOINT before_texts")?;
            Ok(Some(super::numbered(rows)))
        }
        // Data that is none of the type, and rules of a domain.
        Err(error) if said(&error).is_some_and(|said| matches!(&said.code().code()[..2], "22" | "23")) => {
            target.execute("ROLLBACK TO SAVEPOINT before_texts")?;
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
