//! The five steps, and which of them a draft is at.

use longshore_protocol::import::ImportDraft;

/// A step of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WizardStep {
    /// The file, and where its rows stand.
    #[default]
    Upload,
    /// Which of its columns goes into which field.
    Map,
    /// The check, as a task.
    Check,
    /// What the check has found.
    Review,
    /// The decision, and what came of it.
    Confirm,
}

impl WizardStep {
    /// All steps in their order.
    pub const ALL: [WizardStep; 5] =
        [WizardStep::Upload, WizardStep::Map, WizardStep::Check, WizardStep::Review, WizardStep::Confirm];

    /// Its number, from 1.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// The name in the address: `?step=map`.
    pub fn name(self) -> &'static str {
        match self {
            WizardStep::Upload => "upload",
            WizardStep::Map => "map",
            WizardStep::Check => "check",
            WizardStep::Review => "review",
            WizardStep::Confirm => "confirm",
        }
    }

    /// The step of that name.
    pub fn from_name(name: &str) -> Option<WizardStep> {
        WizardStep::ALL.into_iter().find(|step| step.name() == name)
    }

    /// The address of the step for a dataset.
    pub fn path(self, dataset: &str) -> String {
        format!("/d/{dataset}/import?step={}", self.name())
    }
}

/// Whether the draft lets the person be at a step. Once the rows are on their way, only their result and a new file are left.
pub fn is_reachable(step: WizardStep, draft: Option<&ImportDraft>) -> bool {
    let Some(draft) = draft else { return step == WizardStep::Upload };
    match step {
        WizardStep::Upload => true,
        WizardStep::Confirm if draft.import.is_some() => true,
        _ if draft.import.is_some() => false,
        WizardStep::Map => true,
        WizardStep::Check => draft.check.is_some(),
        WizardStep::Review | WizardStep::Confirm => draft.plan.is_some(),
    }
}

/// The step that a draft is at by itself.
pub fn landing(draft: Option<&ImportDraft>) -> WizardStep {
    match draft {
        None => WizardStep::Upload,
        Some(draft) if draft.import.is_some() => WizardStep::Confirm,
        Some(draft) if draft.plan.is_some() => WizardStep::Review,
        Some(draft) if draft.check.is_some() => WizardStep::Check,
        Some(draft) if asks_for_a_look(draft) => WizardStep::Upload,
        Some(_) => WizardStep::Map,
    }
}

/// The step that is shown: the one that the address asks for, unless the draft is not that far.
pub fn shown(asked: Option<WizardStep>, draft: Option<&ImportDraft>) -> WizardStep {
    asked.filter(|step| is_reachable(*step, draft)).unwrap_or_else(|| landing(draft))
}

/// Whether the person should look at how the file was read before its columns are matched: sheet and header row where
/// they are not obvious, encoding and delimiter of text always.
pub fn asks_for_a_look(draft: &ImportDraft) -> bool {
    draft.asks_where || draft.file.kind.is_text()
}

#[cfg(test)]
mod tests {
    use longshore_protocol::TaskId;
    use longshore_protocol::import::{FileKind, ImportPlan, PlanCounts};

    use super::*;
    use crate::import::change::tests::draft;

    fn plan() -> ImportPlan {
        ImportPlan {
            task: TaskId::parse("t1").expect("an id"),
            mode: Default::default(),
            counts: PlanCounts::default(),
            warning_count: 0,
            problems: vec![],
            checked_at: 0,
        }
    }

    #[test]
    fn a_draft_lands_where_it_is_and_the_address_may_go_back() {
        let task = || Some(TaskId::parse("t1").expect("an id"));
        let fresh = draft();
        let unclear = ImportDraft { asks_where: true, ..draft() };
        let mut text = draft();
        text.file.kind = FileKind::Csv;
        let checking = ImportDraft { check: task(), ..draft() };
        let planned = ImportDraft { plan: Some(plan()), ..checking.clone() };
        let running = ImportDraft { import: task(), ..planned.clone() };
        use WizardStep::{Check, Confirm, Map, Review, Upload};
        for (draft, at, reachable) in [
            (None, Upload, vec![Upload]),
            (Some(fresh), Map, vec![Upload, Map]),
            (Some(unclear), Upload, vec![Upload, Map]),
            (Some(text), Upload, vec![Upload, Map]),
            (Some(checking), Check, vec![Upload, Map, Check]),
            (Some(planned), Review, vec![Upload, Map, Check, Review, Confirm]),
            (Some(running), Confirm, vec![Upload, Confirm]),
        ] {
            assert_eq!(landing(draft.as_ref()), at);
            for step in WizardStep::ALL {
                let want = if reachable.contains(&step) { step } else { at };
                assert_eq!(shown(Some(step), draft.as_ref()), want, "{step:?} of {at:?}");
            }
        }
    }

    #[test]
    fn steps_keep_their_names() {
        for step in WizardStep::ALL {
            assert_eq!(WizardStep::from_name(step.name()), Some(step));
        }
        assert_eq!(WizardStep::from_name("seven"), None);
    }
}
