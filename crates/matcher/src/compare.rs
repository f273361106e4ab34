//! Judges groups of templates against probes, on the instructions of choice.

#[cfg(all(target_arch = "x86_64", feature = "amx"))]
mod amx;

use std::cell::RefCell;

use annona_template::IrisTemplate;

use crate::bound::{self, Bound, BoundVerdict};
use crate::kernel::{Block, Distances, DoubledProbe, Instructions, LANES, distances};
use crate::packed::PackedTemplate;

/// Most templates that are judged together.
// As many as the AMX kernel compares at once.
pub(crate) const GROUP: usize = 32;

/// One template of a probe, in the forms that the instructions want.
pub(crate) struct ProbeTemplate {
    doubled: DoubledProbe,
    #[cfg(all(target_arch = "x86_64", feature = "amx"))]
    signed: Option<crate::kernel::amx::SignedProbe>,
    #[cfg(all(target_arch = "x86_64", feature = "amx"))]
    valid_bits: u32,
}

impl ProbeTemplate {
    pub(crate) fn new(template: &IrisTemplate, instructions: Instructions) -> Self {
        let _ = instructions;
        Self {
            doubled: DoubledProbe::new(template),
            #[cfg(all(target_arch = "x86_64", feature = "amx"))]
            signed: (instructions == Instructions::Amx)
                .then(|| crate::kernel::amx::SignedProbe::new(template)),
            #[cfg(all(target_arch = "x86_64", feature = "amx"))]
            valid_bits: template.valid_bits(),
        }
    }
}

/// Room for the work of one thread.
pub(crate) struct Comparer {
    chosen: Instructions,
    instructions: Instructions,
    block: Box<Block>,
    counts: Box<Distances>,
    #[cfg(all(target_arch = "x86_64", feature = "amx"))]
    tiles: Option<Box<amx::Tiles>>,
}

impl Comparer {
    /// Runs `work` with this thread's comparer, which is kept: its room is large.
    /// `work` must not search in its turn.
    pub(crate) fn with<T>(instructions: Instructions, work: impl FnOnce(&mut Self) -> T) -> T {
        thread_local! {
            static KEPT: RefCell<Option<Comparer>> = const { RefCell::new(None) };
        }
        KEPT.with_borrow_mut(|kept| match kept {
            Some(comparer) if comparer.chosen == instructions => work(comparer),
            _ => work(kept.insert(Self::new(instructions))),
        })
    }

    /// Falls back to portable instructions when the processor lacks the chosen ones.
    fn new(instructions: Instructions) -> Self {
        let available = instructions.are_available();
        Self {
            chosen: instructions,
            instructions: if available {
                instructions
            } else {
                Instructions::Portable
            },
            block: Block::blank(),
            counts: Box::new(Distances::zero()),
            #[cfg(all(target_arch = "x86_64", feature = "amx"))]
            tiles: (available && instructions == Instructions::Amx).then(amx::Tiles::new),
        }
    }

    /// Judges at most [`GROUP`] templates against each probe under its bound (`None`:
    /// every score counts). Bits of verdicts behind the last template mean nothing.
    /// `next` are likely to be judged next.
    pub(crate) fn judge(
        &mut self,
        templates: &[&PackedTemplate],
        next: &[&PackedTemplate],
        probes: &[(&ProbeTemplate, Option<Bound>)],
    ) -> Vec<BoundVerdict> {
        assert!(templates.len() <= GROUP, "a group has {GROUP} places");
        #[cfg(all(target_arch = "x86_64", feature = "amx"))]
        if let Some(tiles) = &mut self.tiles {
            // SAFETY: tiles are only made when the processor has the instructions.
            return unsafe { tiles.judge(templates, next, probes) };
        }
        let _foreseen_by_the_processor = next;
        let mut verdicts = vec![BoundVerdict::NONE; probes.len()];
        for (k, lanes) in templates.chunks(LANES).enumerate() {
            self.block.fill(lanes, self.instructions);
            for (verdict, (probe, bound)) in verdicts.iter_mut().zip(probes) {
                let counts = &mut self.counts;
                distances(self.instructions, &probe.doubled, &self.block, counts);
                let of_lanes = match bound {
                    Some(bound) => bound.judge(counts),
                    None => bound::judge_all(counts),
                };
                verdict.promising |= (of_lanes.promising & 0xff) << (LANES * k);
                verdict.comparable |= (of_lanes.comparable & 0xff) << (LANES * k);
            }
        }
        verdicts
    }
}
