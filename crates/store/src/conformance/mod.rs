//! The suite that every backend must pass.
//!
//! Each case takes an empty store of its own and panics when the store does not
//! keep to a trait's contract. [`conformance_suite!`](crate::conformance_suite)
//! makes a test of each.

#![expect(clippy::unwrap_used, reason = "a case panics when the store is wrong")]

pub mod claims;
pub mod concurrency;
pub mod enrolments;
mod fixtures;
pub mod models;
pub mod orbs;
pub mod outbox;
pub mod reviews;
pub mod revocations;

pub use fixtures::{
    claim, committed, duplicate, entry, intake, newcomer, payload_attempt, recovery, review,
    signed, templates,
};

/// Makes a test of every case.
///
/// Takes the absolute path of a function `async fn() -> (S, Guard)`: an empty store that
/// implements `Store`, `Clone` and `'static`, and a guard that must live as long as it. The
/// calling crate depends on `tokio` with its macros.
#[macro_export]
macro_rules! conformance_suite {
    ($fresh:path) => {
        $crate::conformance_suite! {
            @cases $fresh,
            enrolments {
                a_newcomer_is_recorded_and_joins_the_gallery
                every_part_of_a_record_comes_back
                a_packet_sent_again_is_the_same_enrolment
                a_packet_sent_again_shows_how_far_it_came
                a_nonce_is_used_once
                a_refused_enrolment_uses_its_nonce_too
                a_commitment_is_admitted_once
                a_refused_commitment_can_be_admitted_later
                a_gallery_that_moved_admits_nobody
                the_gallery_has_no_gaps
                a_refused_person_does_not_join_the_gallery
                a_state_that_contradicts_the_admission_is_an_error
                the_gallery_is_read_in_pages
                enrolments_queue_in_order_of_arrival
                a_requeued_enrolment_keeps_its_place
                an_adopted_leaf_is_final
                only_a_queued_enrolment_adopts_a_leaf
                an_unknown_enrolment_is_none
                an_enrolment_is_found_by_its_nonce_in_every_state
                recoveries_are_appended_first
                an_entry_counts_until_its_leaf_is_to_go
                who_was_somebody_before_waits_until_that_leaf_is_empty
                an_entry_that_counts_again_is_not_passed_over
                commitments_come_back_and_those_of_a_refused_person_do_not
                a_commitment_to_an_iris_or_a_code_is_used_once
                a_package_is_kept_until_it_is_delivered
                a_package_is_not_kept_for_ever
            }
            models {
                a_change_is_published_once_and_its_date_moves_on
                an_entry_is_upgraded_once
                an_entry_that_does_not_count_is_not_upgraded
                who_is_left_is_counted_and_named
                a_newcomer_joins_with_templates_of_the_new_model
                a_review_keeps_templates_of_both_models_until_it_is_decided
            }
            orbs {
                an_orb_brings_in_as_many_people_as_it_may
                nothing_of_an_orb_that_is_struck_off_is_recorded
                all_that_an_orb_brought_in_goes_when_it_is_struck_off
                a_recovery_that_is_withdrawn_gives_the_old_leaf_back
                a_leaf_is_not_given_back_while_somebody_waits_for_it_to_go
                a_leaf_that_was_given_back_can_be_taken_again
                a_rogue_orbs_leaf_does_not_wait_for_a_recovery
            }
            reviews {
                a_review_is_open_until_it_is_decided
                who_is_admitted_joins_the_gallery
                who_is_admitted_to_replace_loses_the_old_leaf
                a_decision_on_another_gallery_is_not_taken
                a_commitment_that_was_admitted_meanwhile_closes_the_review
                templates_are_not_kept_for_ever
                a_review_of_an_orb_that_is_struck_off_is_closed
            }
            claims {
                a_claim_is_queued_and_every_part_comes_back
                a_nullifier_has_one_claim
                claims_queue_in_order_of_arrival
                a_requeued_claim_keeps_its_place
                every_rejection_is_kept
                only_a_queued_claim_is_rejected
                a_rejected_claim_is_made_again_and_no_other
                a_claim_that_is_made_again_has_attempts_of_its_own
                claims_of_an_epoch_hide_none_of_another
                an_adopted_claim_is_final
                an_unknown_claim_is_none
                an_epoch_beyond_63_bits_is_an_error
            }
            outbox {
                the_next_nonce_follows_both_the_rows_and_the_chain
                a_batch_of_claims_lives_from_queue_to_final_through_a_reorg
                an_append_lives_from_queue_to_final_through_a_reorg
                a_slot_comes_back_with_every_attempt_in_order
                the_newest_attempt_of_a_payload_is_shown_and_a_cancelling_one_is_not
                an_attempt_is_for_a_slot_that_no_block_has
                a_slot_is_mined_by_a_payload_of_its_own
                claims_that_were_passed_over_are_rejected_or_queued_again
                a_reorg_takes_the_payment_of_those_who_were_paid
                a_claim_that_another_slot_has_now_does_not_move_with_the_old_one
                a_node_that_has_an_attempt_is_told_once
                the_attempts_to_pay_a_claim_are_found_in_every_slot
                a_mined_slot_is_not_given_up
                a_failed_append_queues_its_enrolments_again
                only_claims_are_paid_or_rejected_one_by_one
                a_fill_has_no_load
                a_nonce_is_stored_once
                a_failed_slot_keeps_its_nonce
                a_payload_that_is_not_queued_is_not_sent
                a_payload_is_sent_whole_or_not_at_all
                an_append_has_enrolments_inside_the_tree
                a_slot_moves_only_from_the_state_before
                a_settled_slot_does_not_move
                open_slots_are_in_order_of_sender_and_nonce
                a_failed_payload_can_be_sent_again
            }
            revocations {
                a_recovery_waits_until_the_old_leaf_is_revoked_in_a_block
                a_reorg_that_takes_the_revocation_away_holds_the_recovery_back
                an_enrolment_is_replaced_once
                an_enrolment_that_is_not_final_is_not_replaced
                a_revocation_lives_from_queue_to_final_through_a_reorg
                a_failed_revocation_is_queued_again
                a_queued_enrolment_that_is_revoked_is_withdrawn
                an_append_that_fails_does_not_bring_back_who_is_revoked
                a_revoked_commitment_is_not_admitted_again
                recoveries_that_wait_hide_no_other_revocation
                what_somebody_waits_for_goes_first
                what_is_no_leaf_is_settled_and_can_be_asked_for_again
                a_leaf_that_must_be_gone_is_revoked_again
                a_commitment_is_revoked_once
                an_adopted_revocation_is_final
            }
            concurrency {
                of_two_newcomers_after_the_same_search_one_is_admitted
                of_two_claims_of_a_nullifier_one_is_inserted
                of_two_claims_in_place_of_a_rejected_one_one_is_inserted
                of_two_slots_with_a_nonce_one_is_stored
                of_two_slots_with_a_claim_one_is_stored
                a_packet_sent_twice_at_once_is_recorded_once
                of_two_people_at_an_orbs_last_place_one_is_recorded
            }
        }
    };
    (@cases $fresh:path, $($module:ident { $($case:ident)* })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $case() {
                let (store, _guard) = $fresh().await;
                $crate::conformance::$module::$case(store).await;
            })*
        })*
    };
}
