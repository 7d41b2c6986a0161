//! What the person changes in a draft: shown at once, sent one after the other.

use longshore_protocol::import::{ImportDraft, MappedTo, MatchedBy, UpdateDraftRequest};

/// The draft as it will be when the server has taken the change. What only the server can know, such as other first rows, stays.
pub fn applied(mut draft: ImportDraft, change: &UpdateDraftRequest) -> ImportDraft {
    for MappedTo { index, target } in &change.mapping {
        for column in &mut draft.columns {
            if column.index == *index {
                column.matched_by = if target.is_some() { MatchedBy::Hand } else { MatchedBy::Nothing };
                column.target.clone_from(target);
            } else if target.is_some() && column.target == *target {
                column.matched_by = MatchedBy::Nothing;
                column.target = None;
            }
        }
    }
    if let Some(sheet) = change.sheet {
        draft.sheet = sheet;
    }
    if let Some(row) = change.header_row {
        draft.header_row = row;
    }
    if change.encoding.is_some() {
        draft.file.encoding.clone_from(&change.encoding);
    }
    if change.delimiter.is_some() {
        draft.file.delimiter.clone_from(&change.delimiter);
    }
    draft.mode = change.mode.unwrap_or(draft.mode);
    draft.check = None;
    draft.plan = None;
    draft
}

/// Both changes as one, the later winning.
pub fn joined(mut first: UpdateDraftRequest, then: UpdateDraftRequest) -> UpdateDraftRequest {
    // Another sheet has other columns, so what was matched before says nothing about them.
    if then.sheet.is_some()
        || then.header_row.is_some()
        || then.encoding.is_some()
        || then.delimiter.is_some()
    {
        first.mapping.clear();
    }
    first.mapping.retain(|old| !then.mapping.iter().any(|new| new.index == old.index));
    first.mapping.extend(then.mapping);
    UpdateDraftRequest {
        dataset: then.dataset,
        draft: then.draft,
        revision: then.revision,
        sheet: then.sheet.or(first.sheet),
        header_row: then.header_row.or(first.header_row.filter(|_| then.sheet.is_none())),
        encoding: then.encoding.or(first.encoding),
        delimiter: then.delimiter.or(first.delimiter),
        mapping: first.mapping,
        mode: then.mode.or(first.mode),
    }
}

/// The header of the column that loses its field when `target` goes to the column at `index`.
pub fn freed<'a>(draft: &'a ImportDraft, index: u32, target: Option<&str>) -> Option<&'a str> {
    let target = target?;
    let other = |column: &&longshore_protocol::import::SourceColumn| {
        column.index != index && column.target.as_deref() == Some(target)
    };
    draft.columns.iter().find(other).map(|column| column.header.as_str())
}

#[cfg(test)]
pub mod tests {
    use longshore_protocol::DatasetId;
    use longshore_protocol::import::{FileKind, ImportMode, SourceColumn, UploadedFile};

    use super::*;

    /// A draft of a workbook with two columns, of which the first is matched.
    pub fn draft() -> ImportDraft {
        let column = |index, header: &str, target: Option<&str>| SourceColumn {
            index,
            header: header.into(),
            samples: vec![],
            target: target.map(Into::into),
            matched_by: if target.is_some() { MatchedBy::Name } else { MatchedBy::Nothing },
        };
        ImportDraft {
            revision: "r".into(),
            id: "d1".into(),
            dataset: DatasetId::parse("orders").expect("an id"),
            file: UploadedFile {
                name: "o.xlsx".into(),
                size_bytes: 9,
                kind: FileKind::Xlsx,
                encoding: None,
                delimiter: None,
            },
            sheets: vec![],
            sheet: 0,
            header_row: 1,
            asks_where: false,
            asks_header: false,
            first_rows: vec![],
            columns: vec![column(0, "No.", Some("id")), column(1, "Nummer", None)],
            mode: ImportMode::Upsert,
            problems: vec![],
            check: None,
            plan: None,
            import: None,
            expires_at: 0,
            server_now: 0,
        }
    }

    fn to(index: u32, target: Option<&str>) -> UpdateDraftRequest {
        let mapping = vec![MappedTo { index, target: target.map(Into::into) }];
        UpdateDraftRequest { mapping, ..UpdateDraftRequest::default() }
    }

    #[test]
    fn taking_a_field_frees_the_column_that_had_it() {
        let before = draft();
        assert_eq!(freed(&before, 1, Some("id")), Some("No."));
        assert_eq!(freed(&before, 0, Some("id")), None);
        assert_eq!(freed(&before, 1, None), None);
        let after = applied(before, &to(1, Some("id")));
        let targets: Vec<_> =
            after.columns.iter().map(|column| (column.target.as_deref(), column.matched_by)).collect();
        assert_eq!(targets, [(None, MatchedBy::Nothing), (Some("id"), MatchedBy::Hand)]);
    }

    #[test]
    fn later_changes_win() {
        let both = joined(joined(to(0, Some("a")), to(1, Some("b"))), to(0, None));
        let mapped: Vec<_> = both.mapping.iter().map(|one| (one.index, one.target.as_deref())).collect();
        assert_eq!(mapped, [(1, Some("b")), (0, None)]);
        let sheet = UpdateDraftRequest { sheet: Some(2), ..UpdateDraftRequest::default() };
        let row = UpdateDraftRequest { header_row: Some(3), ..UpdateDraftRequest::default() };
        let other = joined(joined(both, row), sheet);
        assert!(other.mapping.is_empty());
        assert_eq!((other.sheet, other.header_row), (Some(2), None));
    }
}
