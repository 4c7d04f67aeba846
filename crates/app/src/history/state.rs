//! The state machine of an export: which state may follow which.

use crate::wire::ExportStatus;

/// A state as transitions know it: the status, and publishing, a phase of processing that can no longer be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// Waits for its turn.
    Pending,
    /// Is prepared, written, verified.
    Processing,
    /// Is verified and gets its final name; the record knows its size and hash already.
    Publishing,
    /// There, whole.
    Completed,
    /// There, with problems.
    CompletedWithProblems,
    /// Ended with an error.
    Failed,
    /// Stopped by its user.
    Cancelled,
    /// Its process died.
    Interrupted,
}

impl State {
    #[cfg(test)]
    pub(crate) const ALL: [State; 8] = [
        State::Pending,
        State::Processing,
        State::Publishing,
        State::Completed,
        State::CompletedWithProblems,
        State::Failed,
        State::Cancelled,
        State::Interrupted,
    ];

    /// The status that the record shows.
    pub(crate) const fn status(self) -> ExportStatus {
        match self {
            State::Pending => ExportStatus::Pending,
            State::Processing | State::Publishing => ExportStatus::Processing,
            State::Completed => ExportStatus::Completed,
            State::CompletedWithProblems => ExportStatus::CompletedWithProblems,
            State::Failed => ExportStatus::Failed,
            State::Cancelled => ExportStatus::Cancelled,
            State::Interrupted => ExportStatus::Interrupted,
        }
    }

    /// The state of a record.
    pub(crate) const fn of(status: ExportStatus, publishing: bool) -> State {
        match status {
            ExportStatus::Pending => State::Pending,
            ExportStatus::Processing if publishing => State::Publishing,
            ExportStatus::Processing => State::Processing,
            ExportStatus::Completed => State::Completed,
            ExportStatus::CompletedWithProblems => State::CompletedWithProblems,
            ExportStatus::Failed => State::Failed,
            ExportStatus::Cancelled => State::Cancelled,
            ExportStatus::Interrupted => State::Interrupted,
        }
    }

    /// The word in the audit.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            State::Publishing => "publishing",
            other => other.status().as_str(),
        }
    }

    /// Whether `next` may follow. Back to pending is a restart and counts an attempt. What was interrupted
    /// while it was published is completed where its archive turns out to be there.
    pub(crate) const fn may_become(self, next: State) -> bool {
        use State::{Cancelled, Completed, CompletedWithProblems, Failed, Interrupted, Pending, Processing, Publishing};
        matches!(
            (self, next),
            (Pending, Processing | Cancelled | Failed | Interrupted)
                | (Processing, Publishing | Failed | Cancelled | Interrupted)
                | (Publishing, Completed | CompletedWithProblems | Failed | Interrupted)
                | (Failed | Cancelled | Interrupted, Pending)
                | (Interrupted, Completed | CompletedWithProblems)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn words_and_states_agree() {
        for state in State::ALL {
            assert_eq!(State::of(state.status(), state == State::Publishing), state, "{state:?} survives the record");
        }
        assert_eq!(State::Publishing.word(), "publishing", "the audit tells the phase");
        assert!(!State::Publishing.may_become(State::Cancelled), "what is being published is past stopping");
        assert!(State::ALL.iter().all(|next| !State::Completed.may_become(*next)), "what is completed stays so");
    }
}
