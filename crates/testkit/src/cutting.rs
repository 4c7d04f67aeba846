//! A way to a server of this machine on which lines are cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Passes on what comes, both ways, and cuts the first lines in the middle. It ends with the test.
#[derive(Debug)]
pub struct CuttingProxy {
    port: u16,
    lines: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl CuttingProxy {
    /// Leads to `port`. The first `times` lines are cut after so many bytes have come from the server.
    ///
    /// # Panics
    /// Where it cannot listen.
    pub fn start(port: u16, times: usize, after: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let own = listener.local_addr().expect("its address").port();
        let (lines, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, ended) = (Arc::clone(&lines), Arc::clone(&over));
        thread::spawn(move || {
            for guest in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let most = if counted.fetch_add(1, Ordering::SeqCst) < times { after } else { u64::MAX };
                thread::spawn(move || pass(&guest, port, most));
            }
        });
        Self { port: own, lines, over }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many lines there were so far.
    pub fn lines(&self) -> usize {
        self.lines.load(Ordering::SeqCst)
    }
}

impl Drop for CuttingProxy {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // It waits for a guest.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Passes on to `port` until either side ends, or so many bytes have come from there.
fn pass(guest: &TcpStream, port: u16, most: u64) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { return };
    thread::scope(|both| {
        both.spawn(|| copy(guest, &server, u64::MAX));
        copy(&server, guest, most);
    });
}

fn copy(mut from: &TcpStream, mut to: &TcpStream, mut left: u64) {
    let mut block = vec![0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut block) {
        if to.write_all(&block[..read]).is_err() || left < read as u64 {
            break;
        }
        left -= read as u64;
    }
    for side in [from, to] {
        let _ = side.shutdown(Shutdown::Both);
    }
}
