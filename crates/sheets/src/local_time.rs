//! Moments as days and times of their zone, for files whose cells know no zones.
//!
//! A zone's offset from UTC is the same between two of its transitions. Each such stretch is looked up once and remembered, so that
//! a value costs a comparison and an addition.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, RecordBatch, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::SheetError;

/// Turns the columns with a zone into columns without one.
pub(crate) struct LocalTimes {
    schema: SchemaRef,
    clocks: Vec<Option<LocalClock>>,
}

impl LocalTimes {
    /// The conversion for batches of a schema; [`SheetError::UnknownZone`] where nobody knows a zone's name.
    pub(crate) fn of(schema: &Schema) -> Result<LocalTimes, SheetError> {
        let clock_of = |field: &arrow_schema::FieldRef| match field.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => match find_zone(zone) {
                Some(zone) => Ok(Some(LocalClock::new(zone))),
                None => Err(SheetError::UnknownZone { column: field.name().clone(), zone: zone.to_string() }),
            },
            _ => Ok(None),
        };
        let clocks: Vec<_> = schema.fields().iter().map(clock_of).collect::<Result<_, _>>()?;
        let local_field = |(field, clock): (&arrow_schema::FieldRef, &Option<LocalClock>)| {
            let data_type = match clock {
                Some(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
                None => field.data_type().clone(),
            };
            Field::new(field.name(), data_type, true)
        };
        let fields: Vec<Field> = schema.fields().iter().zip(&clocks).map(local_field).collect();
        Ok(LocalTimes { schema: Arc::new(Schema::new(fields)), clocks })
    }

    /// Whether there is anything to turn.
    pub(crate) fn is_needed(&self) -> bool {
        self.clocks.iter().any(Option::is_some)
    }

    /// The batch in local times.
    pub(crate) fn localise(&mut self, batch: &RecordBatch) -> Result<RecordBatch, SheetError> {
        let localised = |(array, clock): (&ArrayRef, &mut Option<LocalClock>)| match clock {
            None => Arc::clone(array),
            Some(clock) => {
                let moments = array.as_primitive::<TimestampMicrosecondType>();
                let local: Vec<i64> = moments.values().iter().map(|micros| clock.local(*micros)).collect();
                Arc::new(TimestampMicrosecondArray::new(local.into(), moments.nulls().cloned())) as ArrayRef
            }
        };
        let columns = batch.columns().iter().zip(&mut self.clocks).map(localised).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|error| SheetError::SchemaMismatch { detail: error.to_string() })
    }
}

/// A zone by its IANA name, or a fixed offset such as `+08:00`, which Arrow allows too.
fn find_zone(name: &str) -> Option<TimeZone> {
    DateTimeParser::new().parse_time_zone(name).ok()
}

/// Moments between two transitions, both ends included, and the offset that they share; all in microseconds.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    first: i64,
    last: i64,
    offset: i64,
}

/// A zone, and what of it was looked up so far.
struct LocalClock {
    zone: TimeZone,
    current: Stretch,
    /// In order.
    known: Vec<Stretch>,
}

impl LocalClock {
    fn new(zone: TimeZone) -> LocalClock {
        let current = stretch_around(&zone, 0);
        LocalClock { zone, current, known: vec![current] }
    }

    /// Day and time of the zone, counted like Arrow's timestamps without zone. What would not fit 64 bits stays at their end.
    fn local(&mut self, micros: i64) -> i64 {
        if micros < self.current.first || micros > self.current.last {
            self.current = self.find(micros);
        }
        micros.saturating_add(self.current.offset)
    }

    fn find(&mut self, micros: i64) -> Stretch {
        let index = self.known.partition_point(|stretch| stretch.last < micros);
        match self.known.get(index) {
            Some(stretch) if stretch.first <= micros => *stretch,
            _ => {
                let mut stretch = stretch_around(&self.zone, micros);
                // Where the rules of a zone take over from its list of transitions, jiff can give a start that lies too early.
                if let Some(before) = index.checked_sub(1).and_then(|before| self.known.get(before)) {
                    stretch.first = stretch.first.max(before.last + 1);
                }
                if let Some(after) = self.known.get(index) {
                    stretch.last = stretch.last.min(after.first - 1);
                }
                self.known.insert(index, stretch);
                stretch
            }
        }
    }
}

/// The stretch that a moment lies in. Before the year -9999 and after 9999, where jiff's calendar ends, the offset stays what it
/// is there.
fn stretch_around(zone: &TimeZone, micros: i64) -> Stretch {
    let (earliest, latest) = (Timestamp::MIN, Timestamp::MAX);
    let within = micros.clamp(earliest.as_microsecond(), latest.as_microsecond());
    let moment = Timestamp::from_microsecond(within).unwrap_or(latest);
    // `preceding` leaves out a transition at that very moment.
    let after = moment.checked_add(SignedDuration::from_nanos(1)).unwrap_or(latest);
    let began = zone.preceding(after).next().map(|transition| transition.timestamp());
    let ends = zone.following(moment).next().map(|transition| transition.timestamp());
    Stretch {
        first: began.filter(|began| *began > earliest).map_or(i64::MIN, Timestamp::as_microsecond),
        last: ends.map_or(i64::MAX, |ends| ends.as_microsecond() - 1),
        offset: i64::from(zone.to_offset(moment).seconds()) * 1_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments all over the calendar, and those around each transition of some decades, against jiff's own conversion.
    #[test]
    fn local_times_are_those_of_the_zone() {
        for name in
            ["UTC", "Asia/Shanghai", "America/New_York", "Europe/Dublin", "Australia/Lord_Howe", "+05:30"]
        {
            let zone = find_zone(name).expect("a zone");
            let mut clock = LocalClock::new(zone.clone());
            let start: Timestamp = "1880-01-01T00:00:00Z".parse().expect("a moment");
            let transitions =
                zone.following(start).take(300).map(|transition| transition.timestamp().as_microsecond());
            let around = transitions.flat_map(|micros| [micros - 1, micros, micros + 1]);
            let spread = (-900_i64..900).map(|index| index * 40_000_000_000_123);
            for micros in spread.chain(around).chain([i64::from(i32::MAX) * 1_000_000, 0]) {
                let moment = Timestamp::from_microsecond(micros).expect("within the calendar");
                let shown = zone.to_datetime(moment).to_zoned(TimeZone::UTC).expect("within the calendar");
                assert_eq!(clock.local(micros), shown.timestamp().as_microsecond(), "{moment} in {name}");
            }
            for pair in clock.known.windows(2) {
                assert!(pair[0].last < pair[1].first, "{name}: {pair:?}");
            }
        }
    }

    #[test]
    fn beyond_the_calendar_the_offset_stays() {
        let mut clock = LocalClock::new(find_zone("Asia/Shanghai").expect("a zone"));
        for (micros, want) in [
            (i64::MAX, i64::MAX),
            (i64::MAX - 30_000_000_000_000, i64::MAX - 30_000_000_000_000 + 28_800_000_000),
            // Before 1901 the zone has the mean time of Shanghai.
            (i64::MIN, i64::MIN + 29_143_000_000),
        ] {
            assert_eq!(clock.local(micros), want);
        }
        assert_eq!(clock.known.len(), 3, "{:?}", clock.known);
    }

    #[test]
    fn zones_that_nobody_knows() {
        for name in ["Asia/Atlantis", "", "25:00", "Asia/Shanghai "] {
            assert!(find_zone(name).is_none(), "{name:?}");
        }
    }
}
