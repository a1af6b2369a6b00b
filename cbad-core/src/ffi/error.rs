//! Failures: a status, and a message kept for the thread that caused it.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{catch_unwind, AssertUnwindSafe};

use super::abi::{CBAD_OK, CBAD_PANIC};

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub status: i32,
    pub message: String,
}

/// A failure as a result.
pub(super) fn fail<T>(status: i32, message: impl Into<String>) -> Result<T, Failure> {
    Err(Failure { status, message: message.into() })
}

thread_local! {
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs the body of one entry: nothing unwinds past it, and a failure's message is kept for this thread.
pub(super) fn entry(body: impl FnOnce() -> Result<(), Failure>) -> i32 {
    let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| fail(CBAD_PANIC, panic_text(panic)));
    match result {
        Ok(()) => CBAD_OK,
        Err(Failure { status, message }) => {
            // A thread that is being torn down has no message to keep; the status still tells.
            let _ = LAST.try_with(|last| *last.borrow_mut() = message);
            status
        }
    }
}

/// Gives the last message of this thread to `f`.
pub(super) fn with_last<R>(f: impl FnOnce(&str) -> R) -> Option<R> {
    LAST.try_with(|last| f(&last.borrow())).ok()
}

/// The text of a panic. A payload that is no text is leaked: its destructor could panic in turn.
pub(super) fn panic_text(panic: Box<dyn Any + Send>) -> String {
    let text = match (panic.downcast_ref::<&'static str>(), panic.downcast_ref::<String>()) {
        (Some(s), _) => format!("panic in the core: {s}"),
        (_, Some(s)) => format!("panic in the core: {s}"),
        _ => {
            std::mem::forget(panic);
            "panic in the core, without a message".to_string()
        }
    };
    text
}
