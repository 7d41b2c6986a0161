//! Language, theme and time zone: what a request asks for, and what the person then chooses in the top bar.
//!
//! They travel in cookies, so that the server renders the right page at once and nothing flashes. In the
//! browser they are signals: changing one changes the page in place, without a reload and without losing
//! anything typed. The time zone is nobody's choice here: the browser tells its own once the page is there, and the next
//! page is rendered with it.

use leptos::prelude::*;
use longshore_protocol::Lang;

use crate::browser;

/// The cookie that carries the language: `en` or `zh`.
pub const LANG_COOKIE: &str = "lang";
/// The cookie that carries the theme: `light` or `dark`; absent where the system decides.
pub const THEME_COOKIE: &str = "theme";
/// The cookie that carries the IANA name of the person's time zone; absent at the first visit.
pub const TIME_ZONE_COOKIE: &str = "tz";
/// The longest name of the IANA database has 32 characters.
const TIME_ZONE_CHARS_MAX: usize = 48;

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Follows `prefers-color-scheme`.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Reads the value of the cookie [`THEME_COOKIE`]; anything unknown is [`Theme::System`].
    pub fn from_cookie(value: &str) -> Theme {
        match value.trim() {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::System,
        }
    }

    /// The name in the cookie and in `<html data-theme>`.
    pub fn name(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The next one when the switch is pressed: system, light, dark, system.
    pub fn next(self) -> Theme {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }
}

/// What a request asks for. The server provides it as context before it renders a page or runs a server
/// function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestPreferences {
    /// From the cookie [`LANG_COOKIE`], else from `Accept-Language`.
    pub lang: Lang,
    /// From the cookie [`THEME_COOKIE`].
    pub theme: Theme,
    /// From the cookie [`TIME_ZONE_COOKIE`]; empty, which is UTC, where it is absent or no name.
    pub time_zone: String,
}

impl RequestPreferences {
    /// Reads the request's `Cookie` and `Accept-Language` headers; an absent header is an empty text.
    pub fn from_headers(cookie: &str, accept_language: &str) -> RequestPreferences {
        let lang = cookie_value(cookie, LANG_COOKIE)
            .and_then(Lang::from_tag)
            .unwrap_or_else(|| Lang::from_accept_language(accept_language));
        let theme = cookie_value(cookie, THEME_COOKIE).map(Theme::from_cookie).unwrap_or_default();
        let time_zone = cookie_value(cookie, TIME_ZONE_COOKIE).filter(|name| is_zone_name(name));
        RequestPreferences { lang, theme, time_zone: time_zone.unwrap_or_default().to_owned() }
    }

    /// Those of the request on the server, those of the rendered page in the browser.
    pub fn current() -> RequestPreferences {
        use_context::<RequestPreferences>().or_else(browser::page_preferences).unwrap_or_default()
    }
}

fn cookie_value<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    header.split(';').find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Whether a text can be the name of a time zone; whether it is one is for those to say who have the database of zones.
fn is_zone_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '+' | '-');
    text.chars().all(is_part) && text.len() <= TIME_ZONE_CHARS_MAX
}

/// The person's choices as signals, provided once by the app.
#[derive(Clone, Copy)]
pub struct Preferences {
    /// The language of every text on the page.
    pub lang: RwSignal<Lang>,
    /// Light, dark, or as the system says.
    pub theme: RwSignal<Theme>,
    /// IANA name of the zone in which moments are shown; UTC where empty.
    pub time_zone: RwSignal<String>,
}

impl Preferences {
    /// Creates the signals from the current request or page and provides them as context. The page begins in the zone that
    /// the server rendered it with, and goes over to the browser's own once it is there.
    pub fn provide() -> Preferences {
        let current = RequestPreferences::current();
        let preferences = Preferences {
            lang: RwSignal::new(current.lang),
            theme: RwSignal::new(current.theme),
            time_zone: RwSignal::new(current.time_zone),
        };
        provide_context(preferences);
        Effect::new(move |_| {
            let own = browser::time_zone();
            if preferences.time_zone.with_untracked(|shown| *shown != own) {
                browser::remember(TIME_ZONE_COOKIE, &own);
                preferences.time_zone.set(own);
            }
        });
        preferences
    }

    /// Switches the language of the page and remembers it.
    pub fn choose_lang(self, lang: Lang) {
        browser::remember(LANG_COOKIE, lang.tag());
        browser::set_page_lang(lang);
        self.lang.set(lang);
    }

    /// Switches the theme of the page and remembers it.
    pub fn choose_theme(self, theme: Theme) {
        browser::remember(THEME_COOKIE, theme.name());
        browser::set_page_theme(theme);
        self.theme.set(theme);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_win_over_accept_language() {
        for (cookie, accept, lang, theme, time_zone) in [
            ("", "zh-CN,en;q=0.5", Lang::Zh, Theme::System, ""),
            ("lang=en; tz=Asia/Shanghai", "zh-CN", Lang::En, Theme::System, "Asia/Shanghai"),
            ("session=x; theme=dark; lang=zh", "en", Lang::Zh, Theme::Dark, ""),
            ("language=zh; lang=fr; theme=pink; tz=\"><x>", "", Lang::En, Theme::System, ""),
            ("theme=light; tz=Etc/GMT+8", "", Lang::En, Theme::Light, "Etc/GMT+8"),
        ] {
            let got = RequestPreferences::from_headers(cookie, accept);
            let want = RequestPreferences { lang, theme, time_zone: time_zone.to_owned() };
            assert_eq!(got, want, "{cookie} / {accept}");
        }
    }
}
