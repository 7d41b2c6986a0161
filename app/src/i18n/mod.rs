//! Every text that people read, in English and 中文.
//!
//! A message is a method of [`Texts`] with typed arguments, whose body gives both languages. So a missing
//! translation, a forgotten argument or an unused message is a matter for the compiler, a text is found
//! by going to its definition, and the server and the browser share the very same words.
//!
//! `leptos_i18n` was weighed and left out: it keeps texts in JSON files that a build step turns into code,
//! checks arguments only through its own macros, is tied to components where the server's plain
//! functions need texts too, and brings its own routing, cookies and several crates to the browser.
//! Two languages with a few hundred texts need none of that.
//!
//! Modules: `refusals` for errors and field problems, `export` for the buttons and the task panel, `drawer` for what is chosen
//! before an export, `import_files`, `import_plan` and `import_report` for the steps of an import, `import_problems` for what can be wrong with it and `import_tasks` for where it stands, `tasks` for where a task stands, `task_centre` and `task_details` for the page of tasks, `list` for the
//! dataset page, `frame` for what surrounds the pages.

mod drawer;
mod export;
mod frame;
mod import_files;
mod import_plan;
mod import_problems;
mod import_report;
mod import_tasks;
mod list;
mod refusals;
mod task_centre;
mod task_details;
mod tasks;

use leptos::prelude::*;
use longshore_protocol::{Lang, TaskKind};

use crate::format::CivilTime;
use crate::preferences::Preferences;

pub use tasks::message_for;

/// The texts in one language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts {
    /// The language they are in.
    pub lang: Lang,
}

impl Texts {
    /// The texts in `lang`.
    pub fn new(lang: Lang) -> Texts {
        Texts { lang }
    }

    /// One of two fixed texts.
    fn pick(self, en: &'static str, zh: &'static str) -> &'static str {
        match self.lang {
            Lang::En => en,
            Lang::Zh => zh,
        }
    }

    /// The text of a kind of task.
    fn pick_kind(self, kind: TaskKind, texts: ByKind) -> &'static str {
        let (en, zh) = match kind {
            TaskKind::Export => texts.export,
            TaskKind::DailyStatistics => texts.statistics,
            TaskKind::ImportCheck => texts.check,
            TaskKind::Import => texts.import,
            TaskKind::ImportUndo => texts.undo,
        };
        self.pick(en, zh)
    }

    /// A moment near today: `8 Aug 10:30`, `8月8日 10:30`.
    pub fn moment(self, time: CivilTime) -> String {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let CivilTime { month, day, hour, minute, .. } = time;
        match self.lang {
            Lang::En => {
                let name = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
                format!("{day} {name} {hour:02}:{minute:02}")
            }
            Lang::Zh => format!("{month}月{day}日 {hour:02}:{minute:02}"),
        }
    }

    /// A moment with its year and second: `8 Aug 2026 10:30:05`, `2026年8月8日 10:30:05`.
    pub fn exact_moment(self, time: CivilTime) -> String {
        let CivilTime { year, second, .. } = time;
        let moment = self.moment(time);
        match self.lang {
            Lang::En => match moment.rsplit_once(' ') {
                Some((day, clock)) => format!("{day} {year} {clock}:{second:02}"),
                None => moment,
            },
            Lang::Zh => format!("{year}年{moment}:{second:02}"),
        }
    }

    /// How long something took: `40 ms`, `4.2 s`, `1 min 5 s`, `2 h 3 min`.
    pub fn duration(self, ms: u64) -> String {
        let (second, minute, hour) = (self.pick("s", "秒"), self.pick("min", "分"), self.pick("h", "小时"));
        match ms {
            0..1000 => format!("{ms} {}", self.pick("ms", "毫秒")),
            1000..10_000 => format!("{}.{} {second}", ms / 1000, ms % 1000 / 100),
            10_000..60_000 => format!("{} {second}", ms / 1000),
            60_000..3_600_000 => format!("{} {minute} {} {second}", ms / 60_000, ms / 1000 % 60),
            _ => format!("{} {hour} {} {minute}", ms / 3_600_000, ms / 60_000 % 60),
        }
    }

    /// Puts the parts of a list of names into one line.
    pub fn join(self, parts: &[String]) -> String {
        parts.join(self.pick(", ", "、"))
    }
}

/// A fixed text for each kind of task, each in English and 中文.
struct ByKind {
    export: (&'static str, &'static str),
    statistics: (&'static str, &'static str),
    check: (&'static str, &'static str),
    import: (&'static str, &'static str),
    undo: (&'static str, &'static str),
}

/// The texts in the language that the person has chosen, as a signal.
pub fn use_texts() -> Signal<Texts> {
    match use_context::<Preferences>() {
        Some(preferences) => Signal::derive(move || Texts::new(preferences.lang.get())),
        None => Signal::stored(Texts::new(Lang::default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_people_write_them() {
        let time = CivilTime { year: 2026, month: 8, day: 8, hour: 10, minute: 5, second: 9 };
        assert_eq!(Texts::new(Lang::En).moment(time), "8 Aug 10:05");
        assert_eq!(Texts::new(Lang::Zh).moment(time), "8月8日 10:05");
        assert_eq!(Texts::new(Lang::En).exact_moment(time), "8 Aug 2026 10:05:09");
        assert_eq!(Texts::new(Lang::Zh).exact_moment(time), "2026年8月8日 10:05:09");
    }

    #[test]
    fn durations_are_told_in_fitting_units() {
        for (ms, en, zh) in [
            (40, "40 ms", "40 毫秒"),
            (4_230, "4.2 s", "4.2 秒"),
            (59_999, "59 s", "59 秒"),
            (65_000, "1 min 5 s", "1 分 5 秒"),
            (7_380_000, "2 h 3 min", "2 小时 3 分"),
        ] {
            assert_eq!(Texts::new(Lang::En).duration(ms), en);
            assert_eq!(Texts::new(Lang::Zh).duration(ms), zh);
        }
    }
}
