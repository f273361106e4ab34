//! Coalescer: joins waiting questions into groups, each answered by one piece of work.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::{array, mem};

use futures::channel::oneshot;
use futures::future::{Either, select, select_all};
use futures::lock::{Mutex as AsyncMutex, MutexGuard as AsyncMutexGuard};

/// Number of groups worked on at once. A request that is never answered holds up the group that
/// it is for; more groups would share less of the work.
// Chosen, not measured: two groups may hang before others wait.
const MAX_GROUPS: usize = 3;

/// Answers questions in groups, a few groups at a time: those that come while no further group
/// may begin form the next one. One of the callers that ask does the work for all.
pub(super) struct Coalescer<Q, A> {
    waiting: Mutex<Waiting<Q, A>>,
    group_locks: [AsyncMutex<()>; MAX_GROUPS],
}

struct Waiting<Q, A> {
    questions: Vec<WaitingQuestion<Q, A>>,
    next_ticket: u64,
}

struct WaitingQuestion<Q, A> {
    ticket: u64,
    question: Q,
    answer: oneshot::Sender<A>,
}

impl<Q: Copy, A: Clone> Coalescer<Q, A> {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                questions: Vec::new(),
                next_ticket: 0,
            }),
            group_locks: array::from_fn(|_| AsyncMutex::new(())),
        }
    }

    /// Returns the answer that `work` gives for the group of `question`.
    pub(super) async fn answer<F: Future<Output = A>>(
        &self,
        question: Q,
        work: impl Fn(Vec<Q>) -> F,
    ) -> A {
        loop {
            let (ticket, mut receiver) = self.ask(question);
            let lock = match select(&mut receiver, Box::pin(self.any_group_lock())).await {
                Either::Left((Ok(answer), _)) => return answer,
                // Whoever worked was cut off: it is asked again.
                Either::Left((Err(_), _)) => continue,
                Either::Right((lock, _)) => lock,
            };
            let Some(group) = self.take_group_of(ticket) else {
                // Another group has the question.
                drop(lock);
                match receiver.await {
                    Ok(answer) => return answer,
                    Err(_) => continue,
                }
            };
            let (questions, askers): (Vec<Q>, Vec<_>) = group
                .into_iter()
                .map(
                    |WaitingQuestion {
                         question, answer, ..
                     }| (question, answer),
                )
                .unzip();
            let answer = work(questions).await;
            for asker in askers {
                // An asker that is gone does not need it.
                let _gone = asker.send(answer.clone());
            }
            drop(lock);
            return answer;
        }
    }

    async fn any_group_lock(&self) -> AsyncMutexGuard<'_, ()> {
        let (lock, _, _) = select_all(self.group_locks.iter().map(AsyncMutex::lock)).await;
        lock
    }

    fn ask(&self, question: Q) -> (u64, oneshot::Receiver<A>) {
        let (answer, receiver) = oneshot::channel();
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = waiting.next_ticket;
        waiting.next_ticket += 1;
        waiting.questions.push(WaitingQuestion {
            ticket,
            question,
            answer,
        });
        (ticket, receiver)
    }

    /// Takes all questions that wait, if that of `ticket` is among them.
    fn take_group_of(&self, ticket: u64) -> Option<Vec<WaitingQuestion<Q, A>>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_waiting = waiting.questions.iter().any(|one| one.ticket == ticket);
        is_waiting.then(|| mem::take(&mut waiting.questions))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;
    use std::task::{Context, Waker};

    use futures::channel::oneshot;
    use futures::executor::block_on;
    use futures::future::{FutureExt, Shared, join_all};

    use super::*;

    /// Creates a gate that work waits for, and the sender that opens it.
    fn gate() -> (oneshot::Sender<()>, Shared<oneshot::Receiver<()>>) {
        let (open, gate) = oneshot::channel();
        (open, gate.shared())
    }

    /// Polls once; nothing is ready yet.
    fn begin<F: Future + Unpin>(asking: &mut F) {
        let mut context = Context::from_waker(Waker::noop());
        assert!(asking.poll_unpin(&mut context).is_pending());
    }

    #[test]
    fn questions_that_meet_are_one_group_each_once() {
        let coalescer = Coalescer::new();
        let (open, gate) = gate();
        let groups = Mutex::new(Vec::new());
        let ask = |question: u32| {
            coalescer.answer(question, |group: Vec<u32>| {
                groups.lock().unwrap().push(group.clone());
                let gate = gate.clone();
                async move {
                    gate.await.unwrap();
                    Arc::new(group)
                }
            })
        };
        let mut asking = Box::pin(join_all((0..7).map(ask)));
        begin(&mut asking);
        open.send(()).unwrap();
        let answers = block_on(asking);
        for (question, answer) in (0_u32..).zip(&answers) {
            assert!(answer.contains(&question), "{answers:?}");
        }
        let groups = groups.lock().unwrap();
        assert_eq!(*groups, [vec![0], vec![1], vec![2], vec![3, 4, 5, 6]]);
    }

    #[test]
    fn a_group_that_is_never_answered_holds_up_no_other() {
        let coalescer = Coalescer::new();
        let ask = |question: u32| {
            coalescer.answer(question, |group: Vec<u32>| async move {
                if group.contains(&0) {
                    futures::future::pending::<()>().await;
                }
                Arc::new(group)
            })
        };
        let mut hanging = Box::pin(ask(0));
        begin(&mut hanging);
        for question in 1..10 {
            assert_eq!(*block_on(ask(question)), [question]);
        }
        // Whoever waits for the same group is asked again when it is cut off.
        drop(hanging);
        assert_eq!(*block_on(ask(10)), [10]);
    }

    #[test]
    fn who_works_and_is_cut_off_takes_the_answer_from_nobody() {
        let coalescer = Coalescer::new();
        let (open, gate) = gate();
        let ask = |question: u32| {
            coalescer.answer(question, |group: Vec<u32>| {
                let gate = gate.clone();
                async move {
                    gate.await.unwrap();
                    Arc::new(group)
                }
            })
        };
        let mut workers: Vec<_> = (1..=MAX_GROUPS as u32)
            .map(|question| Box::pin(ask(question)))
            .collect();
        workers.iter_mut().for_each(begin);
        // No further group may begin: these two wait, and the first of them is the next
        // one to work, for both.
        let [mut second, mut third] = [101, 102].map(|question| Box::pin(ask(question)));
        begin(&mut second);
        begin(&mut third);
        workers.pop();
        begin(&mut second);
        drop(second);
        open.send(()).unwrap();
        assert_eq!(*block_on(third), [102]);
    }
}
