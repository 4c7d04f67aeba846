//! The display of a desktop as a window manager sees it: which windows there are, asking one to close, taking the focus away.

use x11rb::CURRENT_TIME;
use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, CloseDown, ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, EventMask, InputFocus,
    MapState, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use crate::harness::eventually;

/// A display.
pub(crate) struct Screen {
    display: RustConnection,
    root: u32,
}

impl Screen {
    /// The display of this name, such as `:7`.
    pub(crate) fn of(name: &str) -> Self {
        let (display, number) = x11rb::connect(Some(name)).expect("the display answers");
        let root = display.setup().roots[number].root;
        Self { display, root }
    }

    /// Windows that can be seen and have this title.
    pub(crate) fn windows(&self, title: &str) -> Vec<u32> {
        let tree = self.display.query_tree(self.root).expect("asked").reply().expect("answered");
        let is_it = |window: &u32| {
            let state = self.display.get_window_attributes(*window).ok()?.reply().ok()?.map_state;
            let name =
                self.display.get_property(false, *window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 256).ok()?.reply().ok()?;
            (state == MapState::VIEWABLE && name.value == title.as_bytes()).then_some(())
        };
        tree.children.into_iter().filter(|window| is_it(window).is_some()).collect()
    }

    /// Waits until so many windows of this title can be seen.
    pub(crate) async fn wait_for(&self, title: &str, number: usize) {
        let there = async || (self.windows(title).len() == number).then_some(());
        eventually(&format!("{number} windows {title:?}"), there).await;
    }

    /// Makes a window so large, from the upper left corner.
    pub(crate) fn resize(&self, title: &str, width: u32, height: u32) {
        let window = *self.windows(title).first().expect("there is such a window");
        let place = ConfigureWindowAux::new().x(0).y(0).width(width).height(height);
        self.display.configure_window(window, &place).expect("asked").check().expect("done");
    }

    /// Asks a window to close, as a window manager does when its cross is clicked.
    pub(crate) fn ask_to_close(&self, title: &str) {
        let window = *self.windows(title).first().expect("there is such a window");
        let atom = |name: &[u8]| self.display.intern_atom(false, name).expect("asked").reply().expect("answered").atom;
        let (protocols, delete) = (atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW"));
        let message = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
        self.display.send_event(false, window, EventMask::NO_EVENT, message).expect("asked").check().expect("sent");
    }

    /// Gives the keyboard to a window, as a window manager does to one that is brought to the front.
    pub(crate) fn look_at(&self, title: &str) {
        let window = *self.windows(title).first().expect("there is such a window");
        self.display.set_input_focus(InputFocus::POINTER_ROOT, window, CURRENT_TIME).expect("asked").check().expect("given");
    }

    /// Gives the keyboard to another window, as if the user worked elsewhere.
    pub(crate) fn look_elsewhere(&self) {
        let window = self.display.generate_id().expect("an id");
        let aux = CreateWindowAux::new().override_redirect(1);
        let class = WindowClass::INPUT_ONLY;
        let made = self.display.create_window(0, window, self.root, 0, 0, 1, 1, 0, class, 0, &aux);
        made.expect("asked").check().expect("made");
        self.display.set_close_down_mode(CloseDown::RETAIN_PERMANENT).expect("asked").check().expect("it stays");
        self.display.map_window(window).expect("asked").check().expect("shown");
        self.display.set_input_focus(InputFocus::POINTER_ROOT, window, CURRENT_TIME).expect("asked").check().expect("given");
    }
}
