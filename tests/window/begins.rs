//! The window opens, and what it may not do it cannot do.

use serde_json::json;

use crate::harness::{Desktop, Window};

#[tokio::test]
async fn the_page_reaches_its_own_commands_and_nothing_else() {
    let desktop = Desktop::start();
    let window = Window::open(&desktop).await;
    assert_eq!(window.run("return typeof window.__TAURI__;", vec![]).await, json!("undefined"), "no global door to Tauri");
    let blocked = window
        .page()
        .execute_async(
            "const done = arguments[arguments.length - 1];
             fetch('https://example.org/').then(() => done('open'), () => done('blocked'));",
            vec![],
        )
        .await
        .expect("it answers");
    assert_eq!(blocked, json!("blocked"), "nothing of the network");
    let inline = "const script = document.createElement('script'); script.textContent = 'window.ran = true';
                  document.body.append(script); return window.ran === true;";
    assert_eq!(window.run(inline, vec![]).await, json!(false), "no inline script");
    let refused = window
        .page()
        .execute_async(
            "const done = arguments[arguments.length - 1];
             window.__TAURI_INTERNALS__.invoke('plugin:window|close', {}).then(() => done('ran'), () => done('refused'));",
            vec![],
        )
        .await
        .expect("it answers");
    assert_eq!(refused, json!("refused"), "no command of Tauri's own");
    window.close().await;
}
