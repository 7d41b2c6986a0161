//! Cells as days, times and moments.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use longshore_protocol::import::{CellKind, CellProblem};

use super::Reader;
use crate::import::date::{self, DAY, Moment};

/// 0001-01-01 00:00:00 UTC, in microseconds.
const FIRST: i64 = -62_135_596_800_000_000;

/// What is said of a moment that the calendar does not have in some zone.
fn out_of_calendar() -> CellProblem {
    CellProblem::OutOfRange { min: Some("0001-01-01".to_owned()), max: Some("9999-12-30".to_owned()) }
}

impl Reader<'_> {
    fn read_moment(&self, text: &str, kind: CellKind) -> Result<Moment, CellProblem> {
        let read = match kind {
            CellKind::Number => date::of_number(text),
            CellKind::Boolean => None,
            _ => date::read(text),
        };
        read.ok_or_else(|| self.wrong_type())
    }

    pub(super) fn date(&self, text: &str, kind: CellKind) -> Result<i32, CellProblem> {
        let moment = self.read_moment(text, kind)?;
        // A time of day would be lost, unless it is none.
        let is_day =
            moment.micros.is_none_or(|micros| micros == 0) && moment.offset.is_none_or(|offset| offset == 0);
        let days = moment.days.filter(|_| is_day).ok_or_else(|| self.wrong_type())?;
        self.within(i128::from(days))?;
        Ok(days)
    }

    pub(super) fn time(&self, text: &str, kind: CellKind) -> Result<i64, CellProblem> {
        let moment = self.read_moment(text, kind)?;
        let is_time = moment.days.is_none() && moment.offset.is_none();
        let micros = moment.micros.filter(|_| is_time).ok_or_else(|| self.wrong_type())?;
        self.within(i128::from(micros))?;
        Ok(micros - micros.rem_euclid(self.storage.grain))
    }

    /// Microseconds since 1970 of a day and its time.
    fn civil(&self, moment: Moment) -> Result<i64, CellProblem> {
        let days = moment.days.ok_or_else(|| self.wrong_type())?;
        Ok(i64::from(days) * DAY + moment.micros.unwrap_or(0))
    }

    pub(super) fn timestamp(&self, text: &str, kind: CellKind) -> Result<i64, CellProblem> {
        let moment = self.read_moment(text, kind)?;
        // What is of another place can't be told without a zone.
        if moment.offset.is_some_and(|offset| offset != 0) {
            return Err(self.wrong_type());
        }
        let micros = self.civil(moment)?;
        self.within(i128::from(micros))?;
        Ok(micros - micros.rem_euclid(self.storage.grain))
    }

    pub(super) fn moment(&self, text: &str, kind: CellKind) -> Result<i64, CellProblem> {
        let moment = self.read_moment(text, kind)?;
        let civil = self.civil(moment)?;
        let micros = match moment.offset {
            Some(offset) => civil - i64::from(offset) * 1_000_000,
            None if self.is_utc => civil,
            None => {
                let at = Timestamp::from_microsecond(civil).map_err(|_| out_of_calendar())?;
                let local = self.zone.to_ambiguous_timestamp(TimeZone::UTC.to_datetime(at));
                self.is_fold.set(local.is_ambiguous());
                local.compatible().map_err(|_| out_of_calendar())?.as_microsecond()
            }
        };
        if !(FIRST..=Timestamp::MAX.as_microsecond()).contains(&micros) {
            return Err(out_of_calendar());
        }
        self.within(i128::from(micros))?;
        Ok(micros - micros.rem_euclid(self.storage.grain))
    }
}
