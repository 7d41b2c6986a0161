//! The pager under a list.

use leptos::prelude::*;
use longshore_protocol::RowsPage;

use super::url::ListQuery;
use crate::i18n::Texts;

/// Links to the first, previous, next and last page. A link that would lead nowhere has no target and says so.
pub fn pager(page: &RowsPage, query: &ListQuery, path: &str, t: Texts) -> impl IntoView + use<> {
    let (current, last) = (page.page, page.page_count());
    let has_next = last.map_or(page.has_more, |last| current < last);
    let link = |target: u32, sign: &'static str, name: &'static str, is_possible: bool| {
        let href = is_possible.then(|| format!("{path}{}", query.with_page(target).to_query()));
        view! {
            <li>
                <a
                    class="button button--square"
                    href=href
                    role="link"
                    aria-label=name
                    title=name
                    aria-disabled=(!is_possible).then_some("true")
                >
                    <span aria-hidden="true">{sign}</span>
                </a>
            </li>
        }
    };
    view! {
        <nav class="pager" aria-label=t.pages()>
            <ul class="pager__list">
                {link(1, "«", t.first_page(), current > 1)}
                {link(current.saturating_sub(1).min(last.unwrap_or(u32::MAX)), "‹", t.previous_page(), current > 1)}
                <li class="pager__place" aria-current="page">{t.page_of(current, last)}</li>
                {link(current.saturating_add(1), "›", t.next_page(), has_next)}
                {link(last.unwrap_or(current), "»", t.last_page(), last.is_some_and(|last| current < last))}
            </ul>
        </nav>
    }
}
