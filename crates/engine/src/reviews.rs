//! Service that shows reviews to an operator and records the decision.

use std::sync::Arc;

use annona_core::EnrolmentKind;
use annona_matcher::{DecisionRule, Gallery};

use crate::ports::{
    Clock, GalleryEntryStatus, Review, ReviewDecision, ReviewOutcome, Store, StoreError,
};
use crate::recognition::{Probes, Recognition, Searched};
use crate::{EnrolmentId, EnrolmentRecord, EnrolmentState};

/// Number of attempts to make a decision while others join.
const MAX_DECIDE_ATTEMPTS: u32 = 64;
/// Highest number of reviews shown at a time.
// Chosen, not measured: more than people can look at in one sitting.
const MAX_REVIEWS: u32 = 1_000;

/// Verdict of an operator on a person under review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewVerdict {
    /// None of the entries found is this person: admit.
    Admit,
    /// This entry is the same person, whose commitment is replaced.
    Replace {
        /// Sequence number of the entry.
        sequence: u64,
    },
    /// The person is enrolled already, or is none.
    Refuse,
}

/// A review, with the enrolments behind the entries that the person may be.
#[derive(Debug, Clone)]
pub struct OpenReview {
    /// The review as it is stored.
    pub review: Review,
    /// The entries, in order of their sequence numbers.
    pub statuses: Vec<GalleryEntryStatus>,
}

/// Reason why a review is not decided.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// There is nothing to decide.
    #[error(
        "enrolment {} is under no review: it was decided, its templates were wiped, or its orb is struck off",
        .0.0
    )]
    NotOpen(EnrolmentId),
    /// There are similar entries now that the operator has not seen (ENROL-13).
    #[error("{unseen} more entries are alike now; look at the review again")]
    Changed {
        /// Number of these entries.
        unseen: usize,
    },
    /// The enrolment is of a new person, who replaces nobody.
    #[error("the person came as a new one; refuse, and have the person come again to recover")]
    NotARecovery,
    /// The entry to be replaced is none that the person may be.
    #[error("entry {0} is none of those that the person may be")]
    NotAMatch(u64),
    /// The enrolment to be replaced is not final yet.
    #[error("the enrolment of entry {0} is on its way; decide when it is final")]
    NotSettled(u64),
    /// The commitment was admitted by another enrolment.
    #[error("the commitment of this enrolment was admitted meanwhile")]
    CommitmentTaken,
    /// The person was captured before the service began to change to another model, and cannot be
    /// compared with those who have changed.
    #[error("people have changed to another model since this capture; have the person come again")]
    CodesMissing,
    /// Others joined faster than the search could follow.
    #[error("the gallery kept growing during the search")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Shows and decides enrolments that the uniqueness check left to an operator.
pub struct ReviewService {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    recognition: Recognition,
}

impl ReviewService {
    /// Creates the service with a copy of the gallery, which may be empty or behind.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        rule: DecisionRule,
        gallery: Gallery,
    ) -> Self {
        Self {
            recognition: Recognition::new(store.clone(), gallery, rule),
            store,
            clock,
        }
    }

    /// Returns the open reviews, oldest first, at most a thousand.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(&self) -> Result<Vec<OpenReview>, StoreError> {
        self.store.wipe_old_reviews(self.clock.now()).await?;
        let mut open = Vec::new();
        for review in self.store.open_reviews(MAX_REVIEWS).await? {
            let sequences: Vec<u64> = review.matches.iter().map(|one| one.sequence).collect();
            let statuses = self.store.gallery_entry_statuses(&sequences).await?;
            open.push(OpenReview { review, statuses });
        }
        Ok(open)
    }

    /// Decides a review.
    ///
    /// # Errors
    /// [`ReviewError`]; nothing is decided then.
    pub async fn decide(
        &self,
        id: EnrolmentId,
        verdict: ReviewVerdict,
    ) -> Result<EnrolmentRecord, ReviewError> {
        self.store.wipe_old_reviews(self.clock.now()).await?;
        let mut searched = Searched::default();
        for _ in 0..MAX_DECIDE_ATTEMPTS {
            let review = self.store.open_review(id).await?;
            let review = review.ok_or(ReviewError::NotOpen(id))?;
            let decision = self.decision(&review, verdict, &mut searched).await?;
            let now = self.clock.now();
            match self.store.decide_review(id, &decision, now).await? {
                ReviewOutcome::Decided => {
                    let record = self.store.enrolment(id).await?;
                    return record.ok_or(ReviewError::NotOpen(id));
                }
                ReviewOutcome::GalleryConflict => {}
                ReviewOutcome::NotOpen => return Err(ReviewError::NotOpen(id)),
                ReviewOutcome::CommitmentTaken => return Err(ReviewError::CommitmentTaken),
                ReviewOutcome::PersonConflict => {
                    return Err(match verdict {
                        ReviewVerdict::Replace { sequence } => ReviewError::NotSettled(sequence),
                        ReviewVerdict::Admit | ReviewVerdict::Refuse => ReviewError::Busy,
                    });
                }
            }
        }
        Err(ReviewError::Busy)
    }

    async fn decision(
        &self,
        review: &Review,
        verdict: ReviewVerdict,
        searched: &mut Searched,
    ) -> Result<ReviewDecision, ReviewError> {
        if verdict == ReviewVerdict::Refuse {
            return Ok(ReviewDecision::Refuse);
        }
        let person = Probes {
            templates: &review.templates,
            upgraded: review.upgraded.as_ref(),
        };
        let likeness = self.recognition.look(searched, person).await?;
        if likeness.lacks_codes {
            return Err(ReviewError::CodesMissing);
        }
        let now_alike = likeness.review_matches();
        let was_seen = |sequence| review.matches.iter().any(|seen| seen.sequence == sequence);
        let unseen = now_alike
            .iter()
            .filter(|one| !was_seen(one.sequence))
            .count();
        if unseen > 0 {
            self.store
                .note_matches(review.record.id, &now_alike)
                .await?;
            return Err(ReviewError::Changed { unseen });
        }
        let entry = likeness.new_entry(person);
        let ReviewVerdict::Replace { sequence } = verdict else {
            return Ok(ReviewDecision::Admit(entry));
        };
        if review.record.enrolment.kind != EnrolmentKind::Recovery {
            return Err(ReviewError::NotARecovery);
        }
        let status = likeness.status(sequence).filter(|status| status.counts);
        let enrolment = &status.ok_or(ReviewError::NotAMatch(sequence))?.enrolment;
        if !matches!(enrolment.state, EnrolmentState::Final { .. }) {
            return Err(ReviewError::NotSettled(sequence));
        }
        Ok(ReviewDecision::Replace {
            current: enrolment.id,
            entry,
        })
    }
}
