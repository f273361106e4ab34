//! Things that are not the living eye they look like, in front of the simulated orb.
//!
//! Each [`Species`] draws its parameters from one of two [`Range`]s: the limits of
//! the liveness checks may be set on [`Range::Tuning`], and are only judged by
//! [`Range::HeldOut`], which lies outside it.
//!
//! The forger is taken to know the victim's eye from a good near-infrared picture or
//! a recorded session, and not to know the challenge before it is played.

mod flat;
mod lens;
mod living;
mod prosthesis;
mod replay;

use crate::anatomy::Person;
use crate::random::between;
use crate::session::Subject;
use annona_iris::Eye;
use annona_iris::pad::Challenge;
use image::GrayImage;
use rand::Rng;

/// A kind of presentation attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Species {
    /// A halftone print of the victim's eye.
    Print,
    /// The same with the pupil cut out and the forger's eye behind it.
    PrintWithHole,
    /// A picture of the victim's eye on a screen.
    ScreenPicture,
    /// A recorded session of the victim on a screen.
    ScreenVideo,
    /// A contact lens with a printed iris on the forger's living eye.
    TexturedLens,
    /// An artificial eye with the victim's iris between living eyelids.
    Prosthesis,
    /// One recorded frame, submitted again and again.
    ReplayedFrame,
    /// A recorded session of the victim, submitted frame by frame.
    ReplayedSession,
    /// Frames of several recorded sessions, chosen to fit LED and time of the challenge.
    SplicedSessions,
    /// The forger's own living eye, left and right exchanged in the pixels.
    MirroredFrames,
    /// Somebody already enrolled offers the left eye as the right one, and the other
    /// way round.
    SwappedEyes,
    /// Somebody already enrolled looks into the orb by way of a mirror.
    SeenInMirror,
}

/// Range that the parameters of an attack are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Range {
    /// May be looked at when limits are set.
    Tuning,
    /// Other printers, screens, lenses and recordings: for judging only.
    HeldOut,
}

impl Range {
    /// A uniform draw from `tuning`, or from one of the two intervals of `held_out`.
    pub(crate) fn draw(
        self,
        rng: &mut impl Rng,
        tuning: (f32, f32),
        held_out: [(f32, f32); 2],
    ) -> f32 {
        let which = usize::from(between(rng, 0.0, 1.0) < 0.5);
        let (low, high) = match self {
            Self::Tuning => tuning,
            Self::HeldOut => held_out[which],
        };
        between(rng, low, high)
    }
}

impl Species {
    /// All species of attacks.
    pub const ALL: [Self; 12] = [
        Self::Print,
        Self::PrintWithHole,
        Self::ScreenPicture,
        Self::ScreenVideo,
        Self::TexturedLens,
        Self::Prosthesis,
        Self::ReplayedFrame,
        Self::ReplayedSession,
        Self::SplicedSessions,
        Self::MirroredFrames,
        Self::SwappedEyes,
        Self::SeenInMirror,
    ];

    /// Its name in tables and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Print => "print",
            Self::PrintWithHole => "print-with-hole",
            Self::ScreenPicture => "screen-picture",
            Self::ScreenVideo => "screen-video",
            Self::TexturedLens => "textured-lens",
            Self::Prosthesis => "prosthesis",
            Self::ReplayedFrame => "replayed-frame",
            Self::ReplayedSession => "replayed-session",
            Self::SplicedSessions => "spliced-sessions",
            Self::MirroredFrames => "mirrored-frames",
            Self::SwappedEyes => "swapped-eyes",
            Self::SeenInMirror => "seen-in-mirror",
        }
    }

    /// Returns whether the eyes are living ones of the victim, so that only the comparison
    /// with the victim's enrolment can tell.
    #[must_use]
    pub const fn is_living(self) -> bool {
        matches!(self, Self::SwappedEyes | Self::SeenInMirror)
    }
}

/// An attack in one session.
pub struct Attack(Box<dyn Subject + Send>);

impl Attack {
    /// Prepares an attack with the eyes of `victim` by `forger`.
    pub fn prepare(
        species: Species,
        range: Range,
        (victim, forger): (&Person, &Person),
        challenge: &Challenge,
        rng: &mut impl Rng,
    ) -> Self {
        Self(match species {
            Species::Print => Box::new(flat::print(range, victim, None, challenge, rng)),
            Species::PrintWithHole => {
                Box::new(flat::print(range, victim, Some(forger), challenge, rng))
            }
            Species::ScreenPicture => Box::new(flat::screen(
                range,
                flat::Content::picture(victim, rng),
                challenge,
                rng,
            )),
            Species::ScreenVideo => Box::new(flat::screen(
                range,
                flat::Content::video(victim, rng),
                challenge,
                rng,
            )),
            Species::TexturedLens => Box::new(lens::wear(range, victim, forger, challenge, rng)),
            Species::Prosthesis => Box::new(prosthesis::fit(range, victim, challenge, rng)),
            Species::ReplayedFrame => Box::new(replay::one_frame(range, victim, challenge, rng)),
            Species::ReplayedSession => Box::new(replay::session(range, victim, challenge, rng)),
            Species::SplicedSessions => Box::new(replay::spliced(range, victim, challenge, rng)),
            Species::MirroredFrames => Box::new(replay::mirrored(range, forger, challenge, rng)),
            Species::SwappedEyes => Box::new(living::swapped(victim, challenge, rng)),
            Species::SeenInMirror => Box::new(living::in_mirror(victim, challenge, rng)),
        })
    }
}

impl Subject for Attack {
    fn frame(&self, eye: Eye, index: usize) -> GrayImage {
        self.0.frame(eye, index)
    }
}
