use std::future::Future;
use std::mem;
use std::sync::{Mutex, PoisonError};

use futures::channel::oneshot;
use futures::future::{Either, select};
use futures::lock::Mutex as Baton;

/// Answers questions in groups, one group at a time: those that come while a group is
/// worked on are the next one. One of those who ask does the work for all.
pub(super) struct Gatherer<Q, A> {
    waiting: Mutex<Vec<Asked<Q, A>>>,
    baton: Baton<()>,
}

struct Asked<Q, A> {
    question: Q,
    answer: oneshot::Sender<A>,
}

impl<Q: Copy, A: Clone> Gatherer<Q, A> {
    pub(super) fn new() -> Self {
        Self {
            waiting: Mutex::default(),
            baton: Baton::new(()),
        }
    }

    /// The answer that `work` gives for the group of `question`.
    pub(super) async fn answer<F: Future<Output = A>>(
        &self,
        question: Q,
        work: impl Fn(Vec<Q>) -> F,
    ) -> A {
        loop {
            let mut receiver = self.ask(question);
            let baton = match select(&mut receiver, self.baton.lock()).await {
                Either::Left((Ok(answer), _)) => return answer,
                // Whoever worked was cut off: it is asked again.
                Either::Left((Err(_), _)) => continue,
                Either::Right((baton, _)) => baton,
            };
            match receiver.try_recv() {
                // The group before was this question's.
                Ok(Some(answer)) => return answer,
                Ok(None) => {}
                // So it was, and whoever worked was cut off between the two looks.
                Err(_) => continue,
            }
            let (questions, askers): (Vec<Q>, Vec<_>) = self
                .take()
                .into_iter()
                .map(|Asked { question, answer }| (question, answer))
                .unzip();
            let answer = work(questions).await;
            for asker in askers {
                // An asker that is gone does not need it.
                let _gone = asker.send(answer.clone());
            }
            drop(baton);
            return answer;
        }
    }

    fn ask(&self, question: Q) -> oneshot::Receiver<A> {
        let (answer, receiver) = oneshot::channel();
        let asked = Asked { question, answer };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(asked);
        receiver
    }

    fn take(&self) -> Vec<Asked<Q, A>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut waiting)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use futures::channel::oneshot;
    use futures::executor::block_on;
    use futures::future::{FutureExt, Shared, join_all};

    use super::*;

    /// Work that waits for a gate and answers with its group.
    fn gate() -> (oneshot::Sender<()>, Shared<oneshot::Receiver<()>>) {
        let (open, gate) = oneshot::channel();
        (open, gate.shared())
    }

    #[test]
    fn questions_that_meet_are_one_group_each_once() {
        let gatherer = Gatherer::new();
        let (open, gate) = gate();
        let groups = Mutex::new(Vec::new());
        let ask = |question: u32| {
            gatherer.answer(question, |group: Vec<u32>| {
                groups.lock().unwrap().push(group.clone());
                let gate = gate.clone();
                async move {
                    gate.await.unwrap();
                    Arc::new(group)
                }
            })
        };
        let mut asking = Box::pin(join_all((0..5).map(ask)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(asking.as_mut().poll(&mut context).is_pending());
        open.send(()).unwrap();
        let answers = block_on(asking);
        for (question, answer) in (0_u32..).zip(&answers) {
            assert!(answer.contains(&question), "{answers:?}");
        }
        assert_eq!(*groups.lock().unwrap(), [vec![0], vec![1, 2, 3, 4]]);
    }

    #[test]
    fn who_works_and_is_cut_off_takes_the_answer_from_nobody() {
        let gatherer = Gatherer::new();
        let (open, gate) = gate();
        let ask = |question: u32| {
            gatherer.answer(question, |group: Vec<u32>| {
                let gate = gate.clone();
                async move {
                    gate.await.unwrap();
                    Arc::new(group)
                }
            })
        };
        let mut context = Context::from_waker(Waker::noop());
        let mut first = Box::pin(ask(1));
        let mut second = Box::pin(ask(2));
        let mut third = Box::pin(ask(3));
        // The first works alone; the other two wait, and the second of them joins its group
        // as the next one to work.
        for asking in [&mut first, &mut second, &mut third] {
            assert!(matches!(asking.as_mut().poll(&mut context), Poll::Pending));
        }
        drop(first);
        assert!(matches!(second.as_mut().poll(&mut context), Poll::Pending));
        drop(second);
        open.send(()).unwrap();
        assert_eq!(*block_on(third), [3]);
    }
}
