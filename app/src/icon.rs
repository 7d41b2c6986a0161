//! The few pictures of the interface, as inline SVG in the colour of the text. All are decoration: the words
//! beside them say the same.

use leptos::prelude::*;

/// Which picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Done.
    Check,
    /// Something went wrong.
    Alert,
    /// Waiting or working.
    Clock,
    /// Stopped on purpose.
    Stop,
    /// No connection.
    Offline,
    /// A file to fetch.
    Download,
    /// Take away.
    Cross,
    /// Towards the first.
    Up,
    /// Towards the last, or unfold.
    Down,
    /// Something to drag.
    Grip,
    /// The theme of the system, light and dark.
    HalfDisc,
    /// Light.
    Sun,
    /// Dark.
    Moon,
    /// Language.
    Globe,
}

impl Icon {
    /// The outline in a square of 16 by 16.
    fn path(self) -> &'static str {
        match self {
            Icon::Check => "M3 8.5l3.2 3.2L13 5",
            Icon::Alert => "M8 2L14.5 13.5H1.5ZM8 6.5v3.2M8 11.6v.2",
            Icon::Clock => "M8 1.8a6.2 6.2 0 1 0 .01 0ZM8 4.6V8l2.4 1.6",
            Icon::Stop => "M8 1.8a6.2 6.2 0 1 0 .01 0ZM3.8 3.8l8.4 8.4",
            Icon::Offline => {
                "M2 2l12 12M1.5 6.2a9.6 9.6 0 0 1 3-1.9M7 3.6a9.6 9.6 0 0 1 7.5 2.6M4 9a6 6 0 0 1 2.6-1.5M10.4 7.8A6 6 0 0 1 12 9M8 12.4v.1"
            }
            Icon::Download => "M8 2v8M4.8 7L8 10.2 11.2 7M2.5 13.5h11",
            Icon::Cross => "M4 4l8 8M12 4l-8 8",
            Icon::Up => "M8 13V3.5M4 7.2L8 3.2 12 7.2",
            Icon::Down => "M8 3v9.5M4 8.8L8 12.8 12 8.8",
            Icon::Grip => "M5.5 3.5v.1M10.5 3.5v.1M5.5 8v.1M10.5 8v.1M5.5 12.5v.1M10.5 12.5v.1",
            Icon::HalfDisc => "M8 1.8a6.2 6.2 0 1 0 .01 0ZM8 2v12M8 5h4.8M8 8h5.8M8 11h4.8",
            Icon::Sun => {
                "M8 5a3 3 0 1 0 .01 0ZM8 .8v1.6M8 13.6v1.6M.8 8h1.6M13.6 8h1.6M2.9 2.9L4 4M12 12l1.1 1.1M13.1 2.9L12 4M4 12l-1.1 1.1"
            }
            Icon::Moon => "M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6 5.8 5.8 0 1 0 13.4 9.6Z",
            Icon::Globe => {
                "M8 1.8a6.2 6.2 0 1 0 .01 0ZM1.8 8h12.4M8 1.8c-4.2 3.6-4.2 8.8 0 12.4M8 1.8c4.2 3.6 4.2 8.8 0 12.4"
            }
        }
    }
}

/// Shows a picture; hidden from screen readers.
#[component]
pub fn Picture(
    /// Which one.
    #[prop(into)]
    icon: Signal<Icon>,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
            <path d=move || icon.get().path()></path>
        </svg>
    }
}
