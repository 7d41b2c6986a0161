//! The first step: the file.

use leptos::ev::DragEvent;
use leptos::prelude::*;

use super::draft::words_of;
use super::preview::Preview;
use super::step::{WizardStep, asks_for_a_look};
use super::upload::{Refusal, UploadEvent, UploadOrder, UploadState, answer_of, next};
use super::wizard::Wizard;
use crate::browser::{self, FileSender, SendingNews};
use crate::i18n::{Texts, use_texts};
use crate::icon::{Icon, Picture};
use crate::task::bar::ProgressBar;
use crate::task::state::ShownProgress;

const INPUT: &str = "upload-input";
/// What the dialog of files offers first. What a file is, is decided by its content.
const ACCEPT: &str = ".xlsx,.xlsm,.xlsb,.xls,.ods,.csv,.tsv,.txt";

/// The upload on this page.
#[derive(Clone, Copy)]
struct Upload {
    state: RwSignal<UploadState>,
    sender: FileSender,
    wizard: Wizard,
    texts: Signal<Texts>,
}

impl Upload {
    fn limit(self) -> u64 {
        self.wizard.rules.with_value(|rules| rules.size_bytes_max)
    }

    fn send(self, event: UploadEvent) {
        let limit = self.limit();
        let orders = self.state.try_update(|state| {
            let (after, orders) = next(std::mem::take(state), event, limit);
            *state = after;
            orders
        });
        for order in orders.unwrap_or_default() {
            match order {
                UploadOrder::Send => {
                    let path = format!("/upload/{}", self.wizard.dataset_id());
                    self.sender.send(&path, move |news| match news {
                        SendingNews::Sent(bytes) => self.send(UploadEvent::Sent(bytes)),
                        SendingNews::Answered(status, body) => self.send(answer_of(status, &body, limit)),
                        SendingNews::Lost => self.send(UploadEvent::Lost),
                    });
                }
                UploadOrder::Abort => self.sender.abort(),
                UploadOrder::Announce => {
                    let words = self.state.with_untracked(|state| line(state, self.texts.get_untracked()));
                    self.wizard.announce(words);
                }
                UploadOrder::Done(draft) => {
                    let needs_look = asks_for_a_look(&draft);
                    self.wizard.announce(self.texts.get_untracked().uploaded(&draft.file.name));
                    self.wizard.draft.replace(*draft);
                    self.wizard.go.run(if needs_look { WizardStep::Upload } else { WizardStep::Map });
                    if needs_look {
                        browser::focus_soon("preview-title".to_owned());
                    }
                }
            }
        }
    }
}

/// Where the upload stands, in words.
fn line(state: &UploadState, t: Texts) -> String {
    match state {
        UploadState::Idle => String::new(),
        UploadState::Sending { file, sent } => t.uploading(&file.name, *sent, file.size_bytes),
        UploadState::Recognising(file) => t.recognising(&file.name),
        UploadState::Cancelled(_) => t.upload_cancelled().to_owned(),
        UploadState::Refused { why: Refusal::Lost, .. } => t.upload_lost().to_owned(),
        UploadState::Refused { why: Refusal::Error(error), .. } => words_of(error, t),
    }
}

/// The drop zone, the template, and how the file was read.
#[component]
pub fn UploadStep(wizard: Wizard) -> impl IntoView {
    let t = use_texts();
    let upload =
        Upload { state: RwSignal::new(UploadState::Idle), sender: FileSender::new(), wizard, texts: t };
    let (bytes, rows) = wizard.rules.with_value(|rules| (rules.size_bytes_max, rules.row_count_max));
    let is_over = RwSignal::new(false);
    let is_busy = Memo::new(move |_| upload.state.with(UploadState::is_busy));
    // A file that is on its way, or imported, is not asked about any more.
    let has_draft = Memo::new(move |_| {
        wizard.draft.now.with(|draft| draft.as_ref().is_some_and(|draft| draft.import.is_none()))
    });
    let choose = move |_| {
        if !is_busy.get_untracked() {
            browser::click(INPUT);
        }
    };
    let chosen = move |_| {
        if let Some(file) = upload.sender.take_chosen(INPUT) {
            upload.send(UploadEvent::Chosen(file));
        }
    };
    let over = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(true);
    };
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        is_over.set(false);
        if is_busy.get_untracked() {
            return;
        }
        if let Some(file) = upload.sender.take_dropped(&event) {
            upload.send(UploadEvent::Chosen(file));
        }
    };
    // In an effect, as only a browser is left.
    Effect::new(move |_| {
        browser::ask_before_leaving(
            move || is_busy.try_get_untracked().unwrap_or(false),
            move || t.try_get_untracked().map_or("", Texts::leave_upload),
        );
        browser::keep_dropped_files_out();
    });
    let template = format!("/imports/{}/template.xlsx", wizard.dataset_id());
    let choose_label =
        move || if has_draft.get() { t.get().choose_other_file() } else { t.get().choose_file() };
    view! {
        <section
            id="drop-zone"
            class="drop-zone"
            class:drop-zone--over=move || is_over.get()
            class:drop-zone--small=move || has_draft.get()
            aria-labelledby="page-title"
            on:dragover=over
            on:dragleave=move |_| is_over.set(false)
            on:drop=dropped
        >
            <span class="drop-zone__picture"><Picture icon=Icon::Up/></span>
            <p class="drop-zone__words">{move || t.get().drop_here()} " " <span>{move || t.get().or()}</span></p>
            <button
                type="button"
                id="choose-file"
                class="button"
                class:button--primary=move || !has_draft.get()
                aria-disabled=move || is_busy.get().to_string()
                aria-describedby="upload-limits"
                on:click=choose
            >
                {choose_label}
            </button>
            <input id=INPUT type="file" accept=ACCEPT hidden aria-hidden="true" tabindex="-1" on:change=chosen/>
            <p class="hint" id="upload-limits">{move || t.get().upload_limits(bytes, rows)}</p>
        </section>
        <UploadLine upload/>
        <p class="template">
            <a id="template-link" class="button" href=template download="" rel="external">
                <Picture icon=Icon::Download/>
                {move || t.get().download_template()}
            </a>
            <span class="hint">{move || t.get().template_hint()}</span>
        </p>
        <Show when=move || has_draft.get()>
            <Preview wizard/>
        </Show>
    }
    .into_any()
}

/// How far the file is, and what can be done.
#[component]
fn UploadLine(upload: Upload) -> impl IntoView {
    let t = use_texts();
    let state = upload.state;
    let words = Signal::derive(move || state.with(|state| line(state, t.get())));
    let is_busy = move || state.with(UploadState::is_busy);
    let is_refused = move || state.with(|state| matches!(state, UploadState::Refused { .. }));
    let can_retry = move || state.with(UploadState::can_be_retried);
    let progress = Signal::derive(move || {
        let fraction = state.with(|state| match state {
            UploadState::Sending { file, sent } => Some(*sent as f64 / file.size_bytes.max(1) as f64),
            _ => None,
        });
        ShownProgress::of(fraction)
    });
    let icon = Signal::derive(move || {
        state.with(|state| match state {
            UploadState::Refused { .. } => Icon::Alert,
            UploadState::Cancelled(_) => Icon::Stop,
            _ => Icon::Clock,
        })
    });
    let phase = move || {
        state.with(|state| match state {
            UploadState::Idle => "none",
            UploadState::Sending { .. } => "sending",
            UploadState::Recognising(_) => "recognising",
            UploadState::Refused { .. } => "failed",
            UploadState::Cancelled(_) => "cancelled",
        })
    };
    // The button that was pressed goes; the one that chooses a file is always there.
    let cancel = move |_| {
        upload.send(UploadEvent::Cancelled);
        browser::focus_soon("choose-file".to_owned());
    };
    let retry = move |_| {
        upload.send(UploadEvent::Retried);
        browser::focus_soon("upload-cancel".to_owned());
    };
    view! {
        <div
            id="upload-line"
            class="task-panel"
            data-phase=phase
            hidden=move || state.with(|state| *state == UploadState::Idle)
        >
            <span class="task-panel__icon"><Picture icon/></span>
            <div class="task-panel__body">
                <p class="task-panel__line" id="upload-words" role=move || is_refused().then_some("alert")>
                    {move || words.get()}
                </p>
                <ProgressBar
                    progress
                    label=Signal::derive(move || t.get().upload_progress().to_owned())
                    words
                    is_hidden=Signal::derive(move || !is_busy())
                />
            </div>
            <div class="task-panel__actions">
                <button type="button" id="upload-cancel" class="button" hidden=move || !is_busy() on:click=cancel>
                    {move || t.get().cancel()}
                </button>
                <button type="button" id="upload-retry" class="button" hidden=move || !can_retry() on:click=retry>
                    {move || t.get().retry()}
                </button>
            </div>
        </div>
    }
    .into_any()
}
