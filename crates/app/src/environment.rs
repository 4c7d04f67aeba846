//! What a run takes from outside: the time, randomness, the local time zone, who is at the machine, what opens servers.
//!
//! Passed in, so that a test decides all of it.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::credentials::Credentials;
use crate::platform;

/// Tells the time of the day. Durations are measured with the monotonic clock instead.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Gives random bytes.
pub trait Randomness: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// Everything a run takes from outside.
#[derive(Clone)]
pub struct Environment {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids.
    pub randomness: Arc<dyn Randomness>,
    /// The zone in which an automatic name tells the time.
    pub zone: TimeZone,
    /// The account at this machine, for the audit.
    pub os_user: String,
    /// Threads that one job may use.
    pub threads: usize,
    /// Folders of this account where a person looks for documents, the best first; need not exist.
    pub folders: Vec<PathBuf>,
    /// Passwords of servers.
    pub credentials: Credentials,
}

impl Environment {
    /// The machine's own.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            zone: TimeZone::system(),
            os_user: platform::account(),
            threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            folders: [dirs::document_dir(), dirs::download_dir(), dirs::home_dir()].into_iter().flatten().collect(),
            credentials: Credentials::system(),
        }
    }

    /// A random id: 80 bits as 16 lower-case characters of Crockford's base 32, safe in file names.
    pub(crate) fn random_id(&self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
        let mut bytes = [0_u8; 10];
        self.randomness.fill(&mut bytes);
        let mut id = String::with_capacity(16);
        let (mut bits, mut held) = (0_u32, 0_u32);
        for byte in bytes {
            bits = (bits << 8) | u32::from(byte);
            held += 8;
            while held >= 5 {
                held -= 5;
                id.push(char::from(ALPHABET[(bits >> held) as usize & 31]));
            }
        }
        id
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").field("os_user", &self.os_user).field("threads", &self.threads).finish_non_exhaustive()
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("every system that runs Sheaf has a source of randomness");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Randomness for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    #[test]
    fn an_id_is_sixteen_safe_characters_of_the_randomness_passed_in() {
        let mut environment = Environment::system();
        environment.randomness = Arc::new(Counting(0.into()));
        assert_eq!(environment.random_id(), "0000000000000000", "no bits set is the first letter throughout");
        let second = environment.random_id();
        assert_eq!(second, "040g2081040g2081", "0x01 repeated, in groups of five bits");
        environment.randomness = Arc::new(SystemRandomness);
        assert_ne!(environment.random_id(), environment.random_id(), "real ids differ");
    }

    #[test]
    fn the_machine_says_who_uses_it() {
        assert!(!Environment::system().os_user.is_empty(), "the audit needs a name");
    }
}
