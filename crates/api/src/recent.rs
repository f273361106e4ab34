//! Cache of one answer for a short time, shared by all requests that ask for it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

type Answer<T> = Shared<BoxFuture<'static, T>>;

/// An answer that is the same for everybody: it is looked for once in a while, however many
/// ask for it.
pub(crate) struct Recent<T: Clone> {
    age: Duration,
    last: Mutex<Option<(Instant, Answer<T>)>>,
}

impl<T: Clone + Send + Sync + 'static> Recent<T> {
    /// Gives an answer again for `age` from when it was first asked for.
    pub(crate) const fn new(age: Duration) -> Self {
        Self {
            age,
            last: Mutex::new(None),
        }
    }

    /// The last answer, or the one that `look` finds.
    pub(crate) fn answer(&self, look: impl FnOnce() -> BoxFuture<'static, T>) -> Answer<T> {
        // A panic while the lock is held leaves a whole entry behind.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, answer)) = &*last
            && since.elapsed() < self.age
        {
            return answer.clone();
        }
        let answer = look().shared();
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}
