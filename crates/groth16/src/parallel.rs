//! Work on all cores, or on one where there are no threads.

/// Returns `work(0)`, `work(1)`, and so on, `count` of them.
#[cfg(feature = "parallel")]
pub(crate) fn map<T: Send>(count: usize, work: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    use rayon::prelude::{IntoParallelIterator, ParallelIterator};
    (0..count).into_par_iter().map(work).collect()
}

/// Returns `work(0)`, `work(1)`, and so on, `count` of them.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map<T>(count: usize, work: impl Fn(usize) -> T) -> Vec<T> {
    (0..count).map(work).collect()
}

/// Changes each item by `work`, which is told its place.
#[cfg(feature = "parallel")]
pub(crate) fn update<T: Send>(items: &mut [T], work: impl Fn(usize, &mut T) + Send + Sync) {
    use rayon::prelude::{IndexedParallelIterator, IntoParallelRefMutIterator, ParallelIterator};
    let items = items.par_iter_mut().enumerate().with_max_len(1);
    items.for_each(|(place, item)| work(place, item));
}

/// Changes each item by `work`, which is told its place.
#[cfg(not(feature = "parallel"))]
pub(crate) fn update<T>(items: &mut [T], work: impl Fn(usize, &mut T)) {
    for (place, item) in items.iter_mut().enumerate() {
        work(place, item);
    }
}

/// Returns the results of both.
#[cfg(feature = "parallel")]
pub(crate) fn join<A: Send, B: Send>(
    left: impl FnOnce() -> A + Send,
    right: impl FnOnce() -> B + Send,
) -> (A, B) {
    rayon::join(left, right)
}

/// Returns the results of both.
#[cfg(not(feature = "parallel"))]
pub(crate) fn join<A, B>(left: impl FnOnce() -> A, right: impl FnOnce() -> B) -> (A, B) {
    (left(), right())
}
