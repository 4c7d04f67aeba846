//! A registry whose files are in a bucket of a real S3 server: said, looked for, used, exported from.

use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};

use sheaf_testkit::S3Server;

use crate::desktop::{create_export, wait_state};
use crate::fixture;
use crate::harness::{Desktop, Window};

/// The endpoint of a server of these buckets, which runs as long as what is given with it. It has a thread of its own: its runtime
/// is neither started nor ended in another one.
fn serve(buckets: PathBuf) -> (String, Sender<()>) {
    let (serving, until) = channel::<()>();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let server = S3Server::start(&buckets, Some(("lab-key", "hush-hush")));
        let location = server.location("data");
        tell.send(location.split_once("endpoint=").expect("an endpoint").1.to_owned()).expect("it is waited for");
        let _ = until.recv();
    });
    (told.recv().expect("it is told"), serving)
}

#[tokio::test]
async fn files_in_a_bucket_are_found_and_exported() {
    let desktop = Desktop::start();
    let registry = fixture::copy_of_demo(&desktop.path("copy"));
    let folder = registry.parent().expect("a folder").to_owned();
    // Its folder of files is a bucket now, and the files are gone from where the registry says.
    let buckets = desktop.path("buckets");
    std::fs::create_dir(&buckets).expect("a folder");
    std::fs::rename(folder.join("data"), buckets.join("data")).expect("moved");
    let (endpoint, _serving) = serve(buckets);

    desktop.answer_dialogs(&[&registry, &desktop.path("out")]);
    let window = Window::open(&desktop).await;
    window.click("button", "Open a registry…").await;
    window.wait("[role=treeitem]").await;
    window.click("link", "Settings").await;
    window.wait_text("[data-testid=settings]", "Not there").await;
    window.click("button", "All files in a bucket").await;
    window.wait("[role=dialog] form").await;
    window.keys("data").await;
    for (field, text) in [("Endpoint", &*endpoint), ("Access key", "lab-key"), ("Secret key", "wrong")] {
        window.tab_to(field).await;
        window.keys(text).await;
    }
    window.click("button", "Test").await;
    window.wait_text("[data-testid=bucket-test]", "0 of 12 sampled files found").await;
    window.judge("a bucket that refuses").await;
    window.shot("bucket-refused").await;
    window.click_css("[role=dialog] input[type=password]").await;
    window.control('a').await;
    window.keys("hush-hush").await;
    window.click("button", "Test").await;
    window.wait_text("[data-testid=bucket-test]", "12 of 12 sampled files found").await;
    window.judge("a bucket with the files").await;
    window.shot("bucket-found").await;
    window.click("button", "Use this bucket").await;
    window.wait_gone("[role=dialog]").await;
    window.wait_text("[data-testid=check-1]", "12 of 12 sampled files found").await;
    window.put_messages_away().await;
    window.judge("settings with a bucket").await;
    window.shot("bucket-used").await;

    window.click("link", "New export").await;
    window.click("button", "Save to").await;
    window.wait(&format!("button[title='{}']", desktop.path("out").display())).await;
    create_export(&window).await;
    wait_state(&window, "done").await;
    let archive = std::fs::read_dir(desktop.path("out")).expect("it is there").flatten().map(|entry| entry.path());
    let archive = archive.filter(|path| path.extension().is_some_and(|ending| ending == "zip")).last().expect("one");
    let tested = Command::new("unzip").arg("-tqq").arg(archive).status().expect("unzip runs");
    assert!(tested.success(), "another program finds it whole");
    window.close().await;
}
