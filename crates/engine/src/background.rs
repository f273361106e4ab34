use futures::channel::oneshot;

/// Runs `work` on the computing threads and waits for it without blocking the
/// thread that serves requests.
pub(crate) async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    rayon::spawn(move || {
        // A receiver that is gone means that the caller was cancelled.
        let _cancelled = sender.send(work());
    });
    receiver
        .await
        .expect("the computing thread sends before it ends")
}
