//! The one window, and what its page may not do: leave, open others, download, reload from a menu.

use sheaf_app::desk::settings::{Appearance, Preferences};
use tauri::webview::{NewWindowResponse, WebviewWindowBuilder};
use tauri::{App, Theme, WebviewWindow};

use crate::start::background;

/// Makes the window, hidden: it is shown when there is something behind it.
pub(crate) fn make(app: &App, preferences: &Preferences) -> tauri::Result<WebviewWindow> {
    let config = app.config().app.windows.first().ok_or(tauri::Error::WindowNotFound)?;
    let own = own_origin(app);
    let window = WebviewWindowBuilder::from_config(app, config)?
        .visible(false)
        .theme(match preferences.appearance {
            Appearance::Light => Some(Theme::Light),
            Appearance::Dark => Some(Theme::Dark),
            Appearance::System => None,
        })
        .background_color(background(preferences.appearance, is_desktop_dark()))
        .on_navigation(move |url| {
            own.as_ref().is_some_and(|own| own == &(url.scheme().to_owned(), url.host_str().map(str::to_owned)))
        })
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .devtools(cfg!(debug_assertions))
        .build()?;
    #[cfg(target_os = "linux")]
    guard(&window)?;
    Ok(window)
}

/// Scheme and host of the page: what is in the binary, or Vite's server under `tauri dev`.
fn own_origin(app: &App) -> Option<(String, Option<String>)> {
    if cfg!(feature = "custom-protocol") {
        return Some(("tauri".to_owned(), Some("localhost".to_owned())));
    }
    let url = app.config().build.dev_url.as_ref()?;
    Some((url.scheme().to_owned(), url.host_str().map(str::to_owned)))
}

#[cfg(target_os = "linux")]
fn is_desktop_dark() -> bool {
    use gtk::prelude::*;
    gtk::Settings::default().is_some_and(|settings| {
        settings.is_gtk_application_prefer_dark_theme()
            || settings.gtk_theme_name().is_some_and(|name| name.to_lowercase().ends_with("-dark"))
    })
}

#[cfg(not(target_os = "linux"))]
fn is_desktop_dark() -> bool {
    false
}

/// WebKit's menu keeps what edits text and loses what navigates, and a page whose process died comes back.
#[cfg(target_os = "linux")]
fn guard(window: &WebviewWindow) -> tauri::Result<()> {
    use webkit2gtk::{ContextMenuAction, ContextMenuExt as _, ContextMenuItemExt as _, WebViewExt as _};
    window.with_webview(|page| {
        let page = page.inner();
        page.connect_context_menu(|_, menu, _, _| {
            for item in menu.items() {
                let keep = matches!(
                    item.stock_action(),
                    ContextMenuAction::Copy
                        | ContextMenuAction::Cut
                        | ContextMenuAction::Paste
                        | ContextMenuAction::Delete
                        | ContextMenuAction::SelectAll
                ) || (cfg!(debug_assertions) && item.stock_action() == ContextMenuAction::InspectElement);
                if !keep {
                    menu.remove(&item);
                }
            }
            // `true`: no menu.
            menu.n_items() == 0
        });
        page.connect_web_process_terminated(|page, reason| {
            tracing::error!(?reason, "the page's process ended; it is loaded again");
            page.reload();
        });
    })
}
