use serde_json::{Value, json};
use sheaf_app::Environment;
use sheaf_app::desk::*;
use std::path::{Path, PathBuf};
use std::time::Instant;
struct N(PathBuf);
impl Native for N {
    fn choose_file(&self, _: &FileQuestion) -> Option<PathBuf> {
        Some(self.0.clone())
    }
    fn choose_folder(&self, _: &FolderQuestion) -> Option<PathBuf> {
        None
    }
    fn choose_save(&self, _: &SaveQuestion) -> Option<PathBuf> {
        None
    }
    fn show_in_folder(&self, _: &Path) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn open_folder(&self, _: &Path) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn copy(&self, _: &str) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn trash(&self, _: &Path) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn notify(&self, _: &Notice) -> sheaf_registry::Result<()> {
        Ok(())
    }
    fn notifications(&self) -> NotificationState {
        NotificationState { available: false, about: String::new() }
    }
    fn has_focus(&self) -> bool {
        true
    }
    fn working(&self, _: Option<f64>, _: bool) {}
    fn hide(&self) {}
    fn exit(&self) {}
    fn language(&self) -> String {
        String::new()
    }
}
fn main() {
    let dir = PathBuf::from(std::env::args().nth(1).unwrap());
    let demo = dir.join("demo");
    if !demo.exists() {
        let o = sheaf_app::demo::DemoOptions {
            dir: demo.clone(),
            patients: 100_000,
            studies: 1000,
            seed: 1,
            sparse: true,
            with_faults: false,
        };
        struct Q;
        impl sheaf_registry::progress::Observer for Q {
            fn observe(&self, _: &sheaf_registry::progress::Progress) {}
        }
        sheaf_app::demo::make_demo(&o, &Q, &sheaf_registry::progress::Cancel::new()).unwrap();
    }
    let home = dir.join("home");
    let desk = Desk::open(Some(&home), Environment::system(), Box::new(N(demo.join("registry.sqlite")))).unwrap();
    let ask = |name: &str, input: Value| {
        let began = Instant::now();
        let out = desk.dispatch(name, input.clone()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        let took = began.elapsed();
        let text = serde_json::to_string(&out).unwrap();
        println!(
            "{name:16} {:8.2} ms  {:7} bytes   {}",
            took.as_secs_f64() * 1e3,
            text.len(),
            &input.to_string().chars().take(90).collect::<String>()
        );
        out
    };
    ask("open_registry", json!({}));
    ask("open_registry", json!({}));
    ask("start", json!({}));
    ask("browse", json!({}));
    ask("browse", json!({}));
    let w = ask("tree_window", json!({"offset":0,"limit":60}));
    let folder = w["rows"][0]["item"]["id"].clone();
    ask("expand", json!({"folder":folder,"open":true}));
    ask("expand_all", json!({"open":true}));
    ask("tree_window", json!({"offset":50000,"limit":60}));
    ask("check", json!({"target":{"type":"folder","id":folder},"on":null}));
    ask("tree_window", json!({"offset":0,"limit":60}));
    ask("check_matching", json!({"on":true}));
    ask("undo", json!({}));
    ask("redo", json!({}));
    ask("set_contents", json!({"modalities":null,"kind":"both"}));
    let f = |text: &str, tags: Value, among: Value| json!({"tags":tags,"tag_mode":"any","modalities":[],"text":text,"among":among});
    ask("set_filter", f("a", json!([]), Value::Null));
    ask("set_filter", f("12", json!([]), Value::Null));
    ask("tree_window", json!({"offset":0,"limit":60}));
    ask("set_filter", f("", json!([1]), Value::Null));
    ask("set_filter", f("", json!([1, 2]), Value::Null));
    ask("set_filter", f("", json!([]), json!({"type":"selected"})));
    ask("set_filter", f("1", json!([]), json!({"type":"selected"})));
    ask("set_filter", f("", json!([]), Value::Null));
    ask("clear_selection", json!({}));
    let ids: String = (0..100_000).map(|i| format!("{i}\n")).collect();
    ask("match_list", json!({"text": ids}));
    ask("use_list", json!({"how":"replace"}));
    ask("completeness", json!({"scope":"selected","offset":0,"limit":100}));
    ask("find", json!({"text":"99","after":null,"shown":false}));
    ask("save_cohort", json!({"name":format!("c{}", std::process::id()),"frozen":true}));
    ask("refresh_registry", json!({}));
}
