//! Batch verifier: a bounded queue of questions, answered in batches on the computing threads.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::channel::oneshot;

/// Largest number of questions in a batch. More would hardly cost less each, and would delay
/// the questions after them (CLAIM-15).
// Each of 64 costs about a quarter of one alone (docs/measurements/proofs.md).
const MAX_BATCH: usize = 64;
/// Largest number of questions that may wait while a batch is worked on.
// Chosen, not measured: a bound on memory, of sixteen batches.
const MAX_WAITING: usize = 1_024;

/// Refusal of a question because as many as may wait already do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

/// Answers questions in batches on the computing threads. A question that finds nothing
/// under way is worked on at once; those that come meanwhile are the next batch.
///
/// The work belongs to none of the callers: one that stops waiting for its answer takes no
/// answer from the others, and its question is dropped if its batch has not begun.
pub(super) struct BatchVerifier<Q, A> {
    shared: Arc<Shared<Q, A>>,
}

struct Shared<Q, A> {
    work: Box<Work<Q, A>>,
    queue: Mutex<Queue<Q, A>>,
}

/// Function that gives an answer for each question, in their order.
type Work<Q, A> = dyn Fn(&[Q]) -> Vec<A> + Send + Sync;

struct Queue<Q, A> {
    waiting: VecDeque<WaitingQuestion<Q, A>>,
    worker: Worker,
}

struct WaitingQuestion<Q, A> {
    question: Q,
    answer: oneshot::Sender<A>,
}

enum Worker {
    Idle,
    Running,
}

impl<Q: Send + 'static, A: Send + 'static> BatchVerifier<Q, A> {
    pub(super) fn new(work: impl Fn(&[Q]) -> Vec<A> + Send + Sync + 'static) -> Self {
        let queue = Queue {
            waiting: VecDeque::new(),
            worker: Worker::Idle,
        };
        Self {
            shared: Arc::new(Shared {
                work: Box::new(work),
                queue: Mutex::new(queue),
            }),
        }
    }

    /// Returns the answer to `question`. A panic of the work on its batch goes on here.
    pub(super) async fn answer(&self, question: Q) -> Result<A, Full> {
        let answer = self.ask(question)?.await;
        Ok(answer.expect("the work on this batch did not panic"))
    }

    fn ask(&self, question: Q) -> Result<oneshot::Receiver<A>, Full> {
        let (answer, receiver) = oneshot::channel();
        let mut queue = self.shared.queue();
        if queue.waiting.len() >= MAX_WAITING {
            queue.forget_abandoned();
        }
        if queue.waiting.len() >= MAX_WAITING {
            return Err(Full);
        }
        queue
            .waiting
            .push_back(WaitingQuestion { question, answer });
        if let Worker::Idle = mem::replace(&mut queue.worker, Worker::Running) {
            let shared = Arc::clone(&self.shared);
            rayon::spawn(move || shared.answer_batches());
        }
        Ok(receiver)
    }
}

impl<Q, A> Shared<Q, A> {
    fn answer_batches(&self) {
        while let Some(batch) = self.next_batch() {
            let (questions, answers): (Vec<Q>, Vec<_>) = batch
                .into_iter()
                .map(|WaitingQuestion { question, answer }| (question, answer))
                .unzip();
            // On a computing thread a panic would end the process. Here it drops `answers`,
            // which those who wait take note of.
            let worked = catch_unwind(AssertUnwindSafe(|| (self.work)(&questions)));
            for (receiver, answer) in answers.into_iter().zip(worked.into_iter().flatten()) {
                // A receiver that is gone means that the caller was cancelled.
                let _cancelled = receiver.send(answer);
            }
        }
    }

    /// Takes the next batch; `None` once nothing waits, and the worker is idle then.
    fn next_batch(&self) -> Option<Vec<WaitingQuestion<Q, A>>> {
        let mut queue = self.queue();
        queue.forget_abandoned();
        if queue.waiting.is_empty() {
            queue.worker = Worker::Idle;
            return None;
        }
        let count = queue.waiting.len().min(MAX_BATCH);
        Some(queue.waiting.drain(..count).collect())
    }

    /// Locks the queue. Nothing panics while it holds the lock.
    fn queue(&self) -> MutexGuard<'_, Queue<Q, A>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Queue<Q, A> {
    fn forget_abandoned(&mut self) {
        self.waiting.retain(|asked| !asked.answer.is_canceled());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::mpsc::{Receiver, Sender, channel};

    use futures::executor::block_on;
    use futures::future::join_all;

    use super::*;

    const PANICS: u32 = 13;

    /// BatchVerifier that answers with the double, one batch for each message to `release`.
    struct Gated {
        batcher: BatchVerifier<u32, u32>,
        started: Receiver<Vec<u32>>,
        release: Sender<()>,
    }

    impl Gated {
        fn new() -> Self {
            let (starting, started) = channel();
            let (release, gate) = channel();
            let gate = Mutex::new(gate);
            let batcher = BatchVerifier::new(move |questions: &[u32]| {
                starting.send(questions.to_vec()).unwrap();
                gate.lock().unwrap().recv().unwrap();
                assert!(!questions.contains(&PANICS));
                questions.iter().map(|question| 2 * question).collect()
            });
            Self {
                batcher,
                started,
                release,
            }
        }

        /// Creates one that has a batch of one question under way.
        fn busy() -> (Self, oneshot::Receiver<u32>) {
            let gated = Self::new();
            let first = gated.batcher.ask(0).unwrap();
            assert_eq!(gated.started.recv().unwrap(), [0]);
            (gated, first)
        }

        fn ask(&self, questions: impl IntoIterator<Item = u32>) -> Vec<oneshot::Receiver<u32>> {
            let ask = |question| self.batcher.ask(question).unwrap();
            questions.into_iter().map(ask).collect()
        }

        /// Ends the batch under way and returns the next one.
        fn next(&self) -> Vec<u32> {
            self.release.send(()).unwrap();
            self.started.recv().unwrap()
        }
    }

    fn answers(receivers: Vec<oneshot::Receiver<u32>>) -> Vec<u32> {
        let answers = block_on(join_all(receivers));
        answers.into_iter().map(Result::unwrap).collect()
    }

    #[test]
    fn what_comes_meanwhile_is_the_next_batch() {
        let (gated, first) = Gated::busy();
        let receivers = gated.ask(1..6);
        assert_eq!(gated.next(), [1, 2, 3, 4, 5]);
        assert_eq!(answers(vec![first]), [0]);
        gated.release.send(()).unwrap();
        assert_eq!(answers(receivers), [2, 4, 6, 8, 10]);
        let again = gated.ask([9]);
        assert_eq!(gated.started.recv().unwrap(), [9]);
        gated.release.send(()).unwrap();
        assert_eq!(answers(again), [18]);
    }

    #[test]
    fn a_batch_has_a_bound() {
        let (gated, _first) = Gated::busy();
        let bound = u32::try_from(MAX_BATCH).unwrap();
        let _receivers = gated.ask(1..bound + 3);
        assert_eq!(gated.next().len(), MAX_BATCH);
        assert_eq!(gated.next(), [bound + 1, bound + 2]);
        gated.release.send(()).unwrap();
    }

    #[test]
    fn a_full_queue_takes_no_more_until_somebody_leaves() {
        let (gated, _first) = Gated::busy();
        let mut receivers = gated.ask(0..u32::try_from(MAX_WAITING).unwrap());
        assert!(matches!(gated.batcher.ask(7), Err(Full)));
        receivers.pop();
        let taken = gated.batcher.ask(7);
        assert!(taken.is_ok());
        drop(receivers);
        gated.release.send(()).unwrap();
    }

    #[test]
    fn who_stops_waiting_is_not_worked_for() {
        let (gated, first) = Gated::busy();
        let mut receivers = gated.ask(1..5);
        drop(first);
        drop(receivers.remove(1));
        assert_eq!(gated.next(), [1, 3, 4]);
        drop(receivers.remove(0));
        gated.release.send(()).unwrap();
        assert_eq!(answers(receivers), [6, 8]);
    }

    #[test]
    fn a_panic_goes_on_in_those_of_its_batch_and_in_nobody_else() {
        let (gated, first) = Gated::busy();
        let doomed = gated.ask([1, PANICS]);
        assert_eq!(gated.next(), [1, PANICS]);
        let after = gated.ask([5]);
        assert_eq!(gated.next(), [5]);
        gated.release.send(()).unwrap();
        assert!(block_on(join_all(doomed)).iter().all(Result::is_err));
        assert_eq!(answers(vec![first]), [0]);
        assert_eq!(answers(after), [10]);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            gated.release.send(()).unwrap();
            block_on(gated.batcher.answer(PANICS))
        }));
        assert!(caught.is_err());
    }
}
