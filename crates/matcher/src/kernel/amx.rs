//! Matrix instructions (AMX, int8): 32 templates against all rotations of a probe.
//!
//! A valid bit is +1 or -1 and a masked one 0, so that the product of two templates
//! is agreeing bits minus differing bits. Per step, a tile of 16 templates by 64
//! bits is multiplied with a tile of 64 bits by 16 rotations; four products share
//! their operands. The number of bits compared is not known to the product: it is
//! counted only where the product says that the limit could be reached.

use std::arch::asm;
use std::arch::x86_64::{
    __cpuid, __cpuid_count, __m512i, _MM_HINT_T1, _mm_prefetch, _mm512_cmpge_epi32_mask,
    _mm512_loadu_si512, _mm512_permutexvar_epi8, _mm512_set1_epi8, _mm512_set1_epi32,
    _mm512_slli_epi16, _mm512_srli_epi16, _mm512_storeu_si512, _mm512_ternarylogic_epi64, _xgetbv,
};
use std::sync::OnceLock;

use annona_template::{COLUMNS, IrisTemplate};
use bytemuck::Zeroable;

use super::ROTATIONS;
use crate::distance::MAX_ROTATION;
use crate::packed::PackedTemplate;

/// Templates compared at once.
pub(crate) const TEMPLATES: usize = 32;
/// Rotations of two tiles; the last one is not used.
const TILED_ROTATIONS: usize = 32;
/// Bits of a byte, each of which becomes a byte.
const PLANES: usize = 8;
/// Registers of 64 bytes that the code words of a template fill.
const GROUPS: usize = 25;
/// The group that holds the last real and the first imaginary columns.
const MIDDLE: usize = 12;
/// Columns of a group.
const GROUP_COLUMNS: usize = 16;
const STEPS: usize = GROUPS * PLANES;
/// Probe columns of a part: those of the template and those that turns reach.
const REACH: usize = COLUMNS + TILED_ROTATIONS - 1;

/// Returns whether the processor has the instructions and the system lets this process use
/// them.
pub(crate) fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| processor_has_them() && system_grants_them())
}

fn processor_has_them() -> bool {
    let vectors = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vpopcntdq");
    if !vectors || __cpuid(0).eax < 7 {
        return false;
    }
    const TILE_AND_INT8: u32 = 1 << 24 | 1 << 25;
    __cpuid_count(7, 0).edx & TILE_AND_INT8 == TILE_AND_INT8 && system_saves_tiles()
}

/// Returns whether the system keeps tile registers when it switches threads.
fn system_saves_tiles() -> bool {
    #[target_feature(enable = "xsave")]
    fn saved_state() -> u64 {
        // SAFETY: register 0 exists wherever the instruction does.
        unsafe { _xgetbv(0) }
    }
    const TILE_STATE: u64 = 0b11 << 17;
    const OS_USES_XSAVE: u32 = 1 << 27;
    if __cpuid(1).ecx & OS_USES_XSAVE == 0 || !is_x86_feature_detected!("xsave") {
        return false;
    }
    // SAFETY: the processor has the instruction and the system has switched it on.
    unsafe { saved_state() & TILE_STATE == TILE_STATE }
}

/// Linux gives a process its tile registers when it asks.
#[cfg(target_os = "linux")]
fn system_grants_them() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
    const XFEATURE_XTILEDATA: u64 = 18;
    let answer: i64;
    // SAFETY: the call asks for a permission and touches no memory of this process;
    // `syscall` overwrites rcx and r11 only.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => answer,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    answer == 0
}

#[cfg(not(target_os = "linux"))]
fn system_grants_them() -> bool {
    false
}

/// Four signed bytes: bits `b`, `8 + b`, `16 + b`, `24 + b` of a column's part.
type Quad = [i8; 4];

/// A probe as tiles of signed bytes, by plane of bits.
#[derive(Clone, Copy, Zeroable)]
#[repr(C)]
struct ProbeTiles {
    /// By plane: columns -15, -14 .. of the real part, then of the imaginary one.
    /// Tiles overlap: row `k`, rotation `r` is column `k + r`.
    columns: [[[Quad; REACH]; 2]; PLANES],
    /// By plane: the tile rows of the middle group.
    middle: [[[Quad; TILED_ROTATIONS]; GROUP_COLUMNS]; PLANES],
}

/// A probe for [`multiply`].
#[derive(Clone)]
pub(crate) struct SignedProbe(Box<ProbeTiles>);

impl SignedProbe {
    pub(crate) fn new(template: &IrisTemplate) -> Self {
        let mut probe: Box<ProbeTiles> = bytemuck::zeroed_box();
        for plane in 0..PLANES {
            for part in 0..2 {
                for start in 0..REACH {
                    let column = (start + COLUMNS - MAX_ROTATION as usize) % COLUMNS;
                    probe.columns[plane][part][start] = quad(template, column, part, plane);
                }
            }
            for row in 0..GROUP_COLUMNS {
                // Eight real columns from 192 on, then eight imaginary ones from 0 on.
                let (part, column) = match row.checked_sub(GROUP_COLUMNS / 2) {
                    None => (0, MIDDLE * GROUP_COLUMNS + row),
                    Some(column) => (1, column),
                };
                let columns = probe.columns[plane][part];
                let read = &columns[column..column + TILED_ROTATIONS];
                probe.middle[plane][row].copy_from_slice(read);
            }
        }
        Self(probe)
    }
}

/// Place in [`ProbeTiles`] at which the tile of a step's first 16 rotations begins; that of
/// the other 16 lies 64 bytes behind.
#[derive(Clone, Copy)]
#[repr(C)]
struct Step {
    offset: usize,
    /// Distance of the tile's rows, in bytes.
    stride: usize,
}

/// Steps run group by group, plane by plane.
static STEPS_OF_PROBE: [Step; STEPS] = {
    let mut steps = [Step {
        offset: 0,
        stride: 0,
    }; STEPS];
    let mut step = 0;
    while step < STEPS {
        steps[step] = step_of(step / PLANES, step % PLANES);
        step += 1;
    }
    steps
};

const fn step_of(group: usize, plane: usize) -> Step {
    const QUAD: usize = size_of::<Quad>();
    if group == MIDDLE {
        let rows = size_of::<[Quad; TILED_ROTATIONS]>();
        return Step {
            offset: std::mem::offset_of!(ProbeTiles, middle) + plane * GROUP_COLUMNS * rows,
            stride: rows,
        };
    }
    let (part, column) = if group < MIDDLE {
        (0, group * GROUP_COLUMNS)
    } else {
        (1, (group - MIDDLE) * GROUP_COLUMNS - GROUP_COLUMNS / 2)
    };
    // A step reads 16 rows of 32 columns, each row one column further.
    assert!(column + GROUP_COLUMNS + TILED_ROTATIONS - 1 <= REACH);
    Step {
        offset: ((plane * 2 + part) * REACH + column) * QUAD,
        stride: QUAD,
    }
}

fn quad(template: &IrisTemplate, column: usize, part: usize, plane: usize) -> Quad {
    let code = (template.code()[column] >> (32 * part)) as u32;
    let mask = template.mask()[column];
    std::array::from_fn(|byte| {
        let bit = 8 * byte + plane;
        match (mask >> bit & 1, code >> bit & 1) {
            (0, _) => 0,
            (_, 0) => -1,
            _ => 1,
        }
    })
}

/// One group of columns of 32 templates as tiles of signed bytes: by plane, template
/// and byte. It stays in the first cache while all probes are multiplied with it.
#[derive(Clone, Copy, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct SignedTemplates([[[i8; 64]; TEMPLATES]; PLANES]);

impl SignedTemplates {
    pub(crate) fn blank() -> Box<Self> {
        bytemuck::zeroed_box()
    }
}

/// Agreeing bits minus differing bits, by template and rotation. Index `k` of a row
/// is rotation `15 - k`, as in [`Distances`](super::Distances); the last is not used.
#[derive(Clone, PartialEq, Eq, Debug)]
#[repr(C, align(64))]
pub(crate) struct Agreements(pub(crate) [[[i32; 16]; TEMPLATES]; 2]);

impl Agreements {
    pub(crate) const fn zero() -> Self {
        Self([[[0; 16]; TEMPLATES]; 2])
    }

    /// The agreement of a template at the rotation of index `k`.
    pub(crate) fn at(&self, template: usize, k: usize) -> i32 {
        self.0[k / 16][template][k % 16]
    }

    /// Bit `k` is set where the agreement at index `k` is at least `least`.
    #[target_feature(enable = "avx512f")]
    pub(crate) fn reaching(&self, template: usize, least: i32) -> u32 {
        let least = _mm512_set1_epi32(least);
        let [low, high] = [0, 1].map(|half| {
            let words: &[i32; 16] = &self.0[half][template];
            // SAFETY: `words` are 64 readable bytes; no alignment is needed.
            let row = unsafe { _mm512_loadu_si512(words.as_ptr().cast()) };
            u32::from(_mm512_cmpge_epi32_mask(row, least))
        });
        (low | high << 16) & ((1 << ROTATIONS) - 1)
    }
}

/// Palette 1, eight tiles of 16 rows of 64 bytes.
#[repr(C, align(64))]
struct TileConfiguration([u8; 64]);

static TILES: TileConfiguration = {
    let mut bytes = [0; 64];
    bytes[0] = 1;
    let mut tile = 0;
    while tile < 8 {
        bytes[16 + 2 * tile] = 64;
        bytes[48 + tile] = 16;
        tile += 1;
    }
    TileConfiguration(bytes)
};

/// One probe to multiply with, and where its agreements are added up.
#[repr(C)]
struct Job {
    probe: *const ProbeTiles,
    out: *mut Agreements,
}

/// Multiplies at most 32 templates with probes at all rotations: `out[k]` is of
/// `probes[k]`. `room` holds tiles meanwhile. `next` are brought into the cache: groups
/// of columns are read in strides that the processor does not foresee.
///
/// # Safety
/// [`is_available`] has returned true.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(crate) unsafe fn multiply(
    probes: &[&SignedProbe],
    templates: &[&PackedTemplate],
    next: &[&PackedTemplate],
    room: &mut SignedTemplates,
    out: &mut [Agreements],
) {
    assert!(templates.len() <= TEMPLATES, "there are {TEMPLATES} places");
    assert_eq!(probes.len(), out.len());
    out.fill(Agreements::zero());
    let jobs: Vec<Job> = probes
        .iter()
        .zip(out.iter_mut())
        .map(|(probe, out)| Job {
            probe: &raw const *probe.0,
            out,
        })
        .collect();
    if jobs.is_empty() {
        return;
    }
    for (group, steps) in STEPS_OF_PROBE.as_chunks::<PLANES>().0.iter().enumerate() {
        room.fill(templates, group);
        for template in next {
            prefetch(template, group);
        }
        // SAFETY: the caller has asked the processor and the system; `jobs` point to
        // the probes and to the agreements, which nothing else uses meanwhile.
        unsafe { multiply_block(&jobs, steps, room) };
    }
}

/// Brings a twenty-fifth of a template into the second cache.
#[target_feature(enable = "sse")]
fn prefetch(template: &PackedTemplate, group: usize) {
    const LINE: usize = 64;
    const LINES: usize = size_of::<PackedTemplate>() / LINE;
    let bytes = bytemuck::bytes_of(template);
    for line in group * LINES / GROUPS..(group + 1) * LINES / GROUPS {
        let first = &raw const bytes[line * LINE];
        _mm_prefetch::<_MM_HINT_T1>(first.cast());
    }
}

/// Adds the products of some steps to the agreements of every job.
///
/// # Safety
/// [`is_available`] has returned true. There are jobs, whose pointers are valid, `out`
/// for writing. `steps` are those of [`STEPS_OF_PROBE`] for the group that `templates`
/// has been filled with.
unsafe fn multiply_block(jobs: &[Job], steps: &[Step; PLANES], templates: &SignedTemplates) {
    debug_assert!(!jobs.is_empty());
    // SAFETY: the caller knows that the processor has the instructions and that the
    // system grants them. For each job, tile loads read 2,048 bytes of `templates` a
    // step, and the rows of the probe whose bounds `step_of` has checked; tile loads
    // and stores of `out` cover its four quarters, 1,024 bytes each. The configuration
    // is in place for this block only, and every register it changes is declared.
    unsafe {
        asm!(
            "ldtilecfg [{tile}]",
            "2:",
            "mov {probe}, [{jobs}]",
            "mov {out}, [{jobs} + 8]",
            "tileloadd tmm0, [{out} + {row}]",
            "tileloadd tmm2, [{out} + {row} + 1024]",
            "tileloadd tmm1, [{out} + {row} + 2048]",
            "tileloadd tmm3, [{out} + {row} + 3072]",
            "mov {rows}, {first_rows}",
            "mov {step}, {first_step}",
            "3:",
            "mov {tile}, [{step}]",
            "mov {stride}, [{step} + 8]",
            "add {tile}, {probe}",
            "tileloadd tmm6, [{tile} + {stride}]",
            "tileloadd tmm4, [{rows} + {row}]",
            "tdpbssd tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{rows} + {row} + 1024]",
            "tdpbssd tmm2, tmm5, tmm6",
            "tileloadd tmm7, [{tile} + {stride} + 64]",
            "tdpbssd tmm1, tmm4, tmm7",
            "tdpbssd tmm3, tmm5, tmm7",
            "add {rows}, 2048",
            "add {step}, 16",
            "cmp {step}, {last_step}",
            "jne 3b",
            "tilestored [{out} + {row}], tmm0",
            "tilestored [{out} + {row} + 1024], tmm2",
            "tilestored [{out} + {row} + 2048], tmm1",
            "tilestored [{out} + {row} + 3072], tmm3",
            "add {jobs}, 16",
            "cmp {jobs}, {last_job}",
            "jne 2b",
            "tilerelease",
            jobs = inout(reg) jobs.as_ptr() => _,
            last_job = in(reg) jobs.as_ptr_range().end,
            first_step = in(reg) steps.as_ptr(),
            last_step = in(reg) steps.as_ptr_range().end,
            first_rows = in(reg) templates.0.as_ptr(),
            row = in(reg) 64_usize,
            tile = inout(reg) &raw const TILES => _,
            stride = out(reg) _,
            probe = out(reg) _,
            out = out(reg) _,
            rows = out(reg) _,
            step = out(reg) _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}

/// Signs of bit `k` of three code bits (0-2) and three mask bits (3-5).
const SIGNS: [[i8; 64]; 3] = {
    let mut tables = [[0; 64]; 3];
    let mut k = 0;
    while k < 3 {
        let mut index = 0;
        while index < 64 {
            if index >> (3 + k) & 1 == 1 {
                tables[k][index] = if index >> k & 1 == 1 { 1 } else { -1 };
            }
            index += 1;
        }
        k += 1;
    }
    tables
};

impl SignedTemplates {
    /// Fills in some groups of `templates`; the other places stay as they were.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn fill(&mut self, templates: &[&PackedTemplate], group: usize) {
        let signs = SIGNS.map(|table| load(&table));
        for (place, template) in templates.iter().enumerate() {
            let (code, mask) = group_bytes(template, group);
            // Three bits of code and of mask are an index into the tables.
            let low = index(code, _mm512_slli_epi16::<3>(mask));
            let middle = index(_mm512_srli_epi16::<3>(code), mask);
            let high = index(_mm512_srli_epi16::<6>(code), _mm512_srli_epi16::<3>(mask));
            for (k, signs) in signs.into_iter().enumerate() {
                store(&mut self.0[k][place], _mm512_permutexvar_epi8(low, signs));
                let middle = _mm512_permutexvar_epi8(middle, signs);
                store(&mut self.0[3 + k][place], middle);
            }
            store(
                &mut self.0[6][place],
                _mm512_permutexvar_epi8(high, signs[0]),
            );
            store(
                &mut self.0[7][place],
                _mm512_permutexvar_epi8(high, signs[1]),
            );
        }
    }
}

/// Bits 0-2 of `code` and bits 3-5 of `mask` in each byte; bits 6-7 mean nothing.
#[target_feature(enable = "avx512f")]
fn index(code: __m512i, mask: __m512i) -> __m512i {
    /// Truth table of `(a & c) | (b & !c)`.
    const SELECT: i32 = 0b1110_0100;
    _mm512_ternarylogic_epi64::<SELECT>(code, mask, _mm512_set1_epi8(0b111))
}

/// Code and mask bytes of a group.
#[target_feature(enable = "avx512f")]
fn group_bytes(template: &PackedTemplate, group: usize) -> (__m512i, __m512i) {
    const WORDS: usize = 8;
    let word = |words: &[u64; COLUMNS / 2], k: usize| words[(WORDS * group + k) % words.len()];
    let code_of = |k: usize| {
        let part = if WORDS * group + k < COLUMNS / 2 {
            &template.real
        } else {
            &template.imaginary
        };
        word(part, k)
    };
    if group == MIDDLE {
        let code: [u64; WORDS] = std::array::from_fn(code_of);
        let mask: [u64; WORDS] = std::array::from_fn(|k| word(&template.mask, k));
        return (load_words(&code), load_words(&mask));
    }
    let (part, first) = match (WORDS * group).checked_sub(COLUMNS / 2) {
        None => (&template.real, WORDS * group),
        Some(first) => (&template.imaginary, first),
    };
    let eight = |words: &[u64; COLUMNS / 2]| {
        load_words(
            words[first..]
                .first_chunk()
                .expect("groups but the middle one lie within a part"),
        )
    };
    (eight(part), eight(&template.mask))
}

#[target_feature(enable = "avx512f")]
fn load_words(words: &[u64; 8]) -> __m512i {
    // SAFETY: `words` are 64 readable bytes; no alignment is needed.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn load(bytes: &[i8; 64]) -> __m512i {
    // SAFETY: `bytes` are 64 readable bytes; no alignment is needed.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn store(bytes: &mut [i8; 64], value: __m512i) {
    // SAFETY: `bytes` are 64 writable bytes; no alignment is needed.
    unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), value) };
}

const _: () = assert!(ROTATIONS < TILED_ROTATIONS);
