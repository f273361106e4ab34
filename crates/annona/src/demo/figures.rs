//! Figures of the demo: counts, gas and times, the results that differ from the expected ones, and
//! the closing table.

use std::collections::BTreeMap;

use serde::Serialize;

/// Members by which earlier figures are known.
pub(super) const MEMBERS: &[&str] = &["duplicates_offered", "claims_paid", "balances_right"];

/// Everything that the demo measured and counted.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    pub(crate) people: u32,
    pub(crate) seed: u64,
    pub(crate) enrolled: u32,
    /// People whose codes the service wanted proved.
    pub(crate) proofs_asked_for: u32,
    /// Of them, those who were refused without proofs and admitted with them.
    pub(crate) proofs_taken: u32,
    /// People whose codes were to be replaced by those of another model.
    pub(crate) upgrades_offered: u32,
    /// Of them, those whose new codes were proved at home and taken.
    pub(crate) upgrades_taken: u32,
    /// Captures that the orb took again because an image was not good enough.
    pub(crate) retakes: u32,
    /// Times that the orb took a living person for an attack.
    pub(crate) wrongly_suspected: u32,
    pub(crate) duplicates_offered: u32,
    pub(crate) duplicates_refused: u32,
    pub(crate) bad_images_offered: u32,
    pub(crate) bad_images_refused: u32,
    /// Likenesses of eyes shown to the orb.
    pub(crate) attacks_offered: u32,
    pub(crate) attacks_refused: u32,
    /// Citizens who lost their identity and have a new one.
    pub(crate) recovered: u32,
    /// Epochs in which everybody was paid.
    pub(crate) epochs: u32,
    pub(crate) claims_paid: u32,
    pub(crate) claims_offered_falsely: u32,
    pub(crate) claims_refused: u32,
    /// Citizens whose balance on the chain is the amount that they are due.
    pub(crate) balances_right: u32,
    pub(crate) audit: AuditFigures,
    pub(crate) gas: GasFigures,
    /// Seconds a stage, and in total.
    pub(crate) seconds: BTreeMap<String, f64>,
}

/// Lines of the audit.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct AuditFigures {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) not_checked: usize,
}

/// Gas of whole transactions.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct GasFigures {
    /// Mean over the claims.
    pub(crate) claim: u64,
    pub(crate) claim_least: u64,
    pub(crate) claim_most: u64,
}

impl Figures {
    pub(crate) fn new(people: u32, seed: u64) -> Self {
        Self {
            people,
            seed,
            enrolled: 0,
            proofs_asked_for: 0,
            proofs_taken: 0,
            upgrades_offered: 0,
            upgrades_taken: 0,
            retakes: 0,
            wrongly_suspected: 0,
            duplicates_offered: 0,
            duplicates_refused: 0,
            bad_images_offered: 0,
            bad_images_refused: 0,
            attacks_offered: 0,
            attacks_refused: 0,
            recovered: 0,
            epochs: 0,
            claims_paid: 0,
            claims_offered_falsely: 0,
            claims_refused: 0,
            balances_right: 0,
            audit: AuditFigures::default(),
            gas: GasFigures::default(),
            seconds: BTreeMap::new(),
        }
    }

    /// Lists the results that differ from what the demo expects.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let expected = [
            ("people enrolled", self.enrolled, self.people),
            (
                "people whose codes were proved",
                self.proofs_taken,
                self.proofs_asked_for,
            ),
            (
                "codes replaced at home",
                self.upgrades_taken,
                self.upgrades_offered,
            ),
            (
                "duplicates refused",
                self.duplicates_refused,
                self.duplicates_offered,
            ),
            (
                "bad images refused",
                self.bad_images_refused,
                self.bad_images_offered,
            ),
            (
                "attacks refused",
                self.attacks_refused,
                self.attacks_offered,
            ),
            ("identities recovered", self.recovered, 1),
            ("claims paid", self.claims_paid, self.people * self.epochs),
            (
                "false claims refused",
                self.claims_refused,
                self.claims_offered_falsely,
            ),
            ("balances right", self.balances_right, self.people),
        ];
        let mut complaints: Vec<String> = expected
            .iter()
            .filter(|(_, actual, wanted)| actual != wanted)
            .map(|(what, actual, wanted)| format!("{what}: {actual} instead of {wanted}"))
            .collect();
        if self.audit.failed > 0 || self.audit.passed == 0 {
            complaints.push(format!(
                "audit: {} lines failed, {} passed",
                self.audit.failed, self.audit.passed
            ));
        }
        complaints
    }

    /// The closing table.
    pub(crate) fn table(&self) -> String {
        let mut rows = vec![
            (
                "people enrolled".to_owned(),
                format!("{} of {}", self.enrolled, self.people),
            ),
            (
                "codes proved, people".to_owned(),
                format!("{} of {} asked", self.proofs_taken, self.proofs_asked_for),
            ),
            (
                "codes replaced at home".to_owned(),
                format!("{} of {}", self.upgrades_taken, self.upgrades_offered),
            ),
            (
                "duplicates caught".to_owned(),
                format!("{} of {}", self.duplicates_refused, self.duplicates_offered),
            ),
            (
                "bad images refused".to_owned(),
                format!("{} of {}", self.bad_images_refused, self.bad_images_offered),
            ),
            (
                "attacks refused".to_owned(),
                format!("{} of {}", self.attacks_refused, self.attacks_offered),
            ),
            (
                "lost identities recovered".to_owned(),
                self.recovered.to_string(),
            ),
            (
                "payments".to_owned(),
                format!("{} in {} epochs", self.claims_paid, self.epochs),
            ),
            (
                "false claims refused".to_owned(),
                format!("{} of {}", self.claims_refused, self.claims_offered_falsely),
            ),
            (
                "gas per payment".to_owned(),
                format!(
                    "{} ({} to {})",
                    self.gas.claim, self.gas.claim_least, self.gas.claim_most
                ),
            ),
            (
                "audit".to_owned(),
                format!(
                    "{} passed, {} failed, {} not checked",
                    self.audit.passed, self.audit.failed, self.audit.not_checked
                ),
            ),
        ];
        rows.extend(
            self.seconds
                .iter()
                .map(|(stage, seconds)| (format!("time, {stage}"), format!("{seconds:.1} s"))),
        );
        let lines: Vec<String> = rows
            .iter()
            .map(|(name, value)| format!("{name:<22} {value}"))
            .collect();
        format!("\n== figures\n{}", lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_missing_is_complained_about() {
        let mut figures = Figures::new(2, 0);
        figures.enrolled = 2;
        figures.epochs = 1;
        figures.claims_paid = 2;
        figures.balances_right = 2;
        figures.recovered = 1;
        figures.audit.passed = 1;
        assert!(figures.complaints().is_empty());
        let broken = [
            Figures {
                enrolled: 1,
                ..figures.clone()
            },
            Figures {
                proofs_asked_for: 1,
                ..figures.clone()
            },
            Figures {
                upgrades_offered: 1,
                ..figures.clone()
            },
            Figures {
                duplicates_offered: 1,
                ..figures.clone()
            },
            Figures {
                bad_images_offered: 1,
                ..figures.clone()
            },
            Figures {
                attacks_offered: 1,
                ..figures.clone()
            },
            Figures {
                recovered: 0,
                ..figures.clone()
            },
            Figures {
                claims_paid: 3,
                ..figures.clone()
            },
            Figures {
                claims_offered_falsely: 1,
                ..figures.clone()
            },
            Figures {
                balances_right: 0,
                ..figures.clone()
            },
            Figures {
                audit: AuditFigures {
                    passed: 1,
                    failed: 1,
                    not_checked: 0,
                },
                ..figures.clone()
            },
            Figures {
                audit: AuditFigures::default(),
                ..figures.clone()
            },
        ];
        for (position, figures) in broken.iter().enumerate() {
            assert_eq!(figures.complaints().len(), 1, "case {position}");
        }
    }
}
