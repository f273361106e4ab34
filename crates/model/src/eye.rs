/// One of a person's two eyes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Eye {
    /// The person's left eye.
    Left,
    /// The person's right eye.
    Right,
}
