//! All measurements: the command of each, and what documents show of its figures.

use anyhow::Context;

/// Measurement by a command, with `--json` for its figures.
#[derive(Debug)]
pub(crate) struct Measurement {
    pub(super) name: &'static str,
    /// Command as a person types it; the figures are asked for by `--json` behind it.
    pub(super) command: &'static str,
    /// Time on two cores, without the build.
    pub(super) takes: &'static str,
    pub(super) figures: Figures,
    pub(super) speed: Speed,
    /// Templates by name: `NAME.view` in a document; the view without a name is `NAME`.
    pub(super) views: &'static [(&'static str, &'static str)],
}

/// Place of a command's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figures {
    /// `--json FILE`.
    InFile,
    /// `--json` prints them.
    Printed,
}

/// Influence of the machine's speed, and of other work on it, on the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speed {
    /// Counts, gas, error rates: the dev profile will do.
    IsNoMatter,
    /// Times and rates: the machine is quiet and the profile is the bench's.
    Matters,
}

/// Returns the measurement of this name.
pub(super) fn find(name: &str) -> anyhow::Result<&'static Measurement> {
    let found = MEASUREMENTS.iter().find(|it| it.name == name);
    found.with_context(|| format!("no measurement is called {name}"))
}

/// Mutants of one package: each is measured alone, because all of them take half a day.
const fn mutants(name: &'static str, command: &'static str) -> Measurement {
    Measurement {
        name,
        command,
        takes: "1 hour",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[("", MUTANTS)],
    }
}

pub(super) const MEASUREMENTS: &[Measurement] = &[
    Measurement {
        name: "demo",
        command: "cargo xtask demo --seed 1",
        takes: "2 min",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[("", DEMO)],
    },
    Measurement {
        name: "demo-times",
        command: "cargo xtask demo --seed 1",
        takes: "2 min",
        figures: Figures::InFile,
        speed: Speed::Matters,
        views: &[("total", "{{ seconds.total|fixed(0) }} s")],
    },
    Measurement {
        name: "gas",
        command: "cargo xtask bench gas",
        takes: "9 min",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[
            ("claims", GAS_CLAIMS),
            ("joins", GAS_JOINS),
            ("batches", GAS_BATCHES),
            ("leave_8", "{{ revoke['8']|grouped }}"),
            ("leave_32", "{{ revoke['32']|grouped }}"),
        ],
    },
    Measurement {
        name: "gas-encoding",
        command: "cargo xtask bench gas-encoding",
        takes: "2 min",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[("", "{{ verify|grouped }}")],
    },
    Measurement {
        name: "iris-scores",
        command: "cargo xtask bench scores --seeds 90210,31337,2026,4711",
        takes: "7 min",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[
            ("", SCORES),
            ("seeds", SCORES_BY_SEED),
            (
                "impostor_pairs",
                "{{ seeds|map(attribute='both_eyes_normalised.impostor.count')|sum|grouped }}",
            ),
            (
                "genuine_greatest",
                "{{ seeds|map(attribute='both_eyes_normalised.genuine.max')|max|fixed(3) }}",
            ),
            (
                "impostor_least",
                "{{ seeds|map(attribute='both_eyes_normalised.impostor.min')|min|fixed(3) }}",
            ),
            ("decisions", SCORES_DECISIONS),
            ("tail", SCORES_TAIL),
            (
                "failure_to_acquire",
                "{{ (seeds[0].failed_to_acquire / seeds[0].images)|percent(1) }}",
            ),
        ],
    },
    Measurement {
        name: "liveness",
        command: "annona orb attacks --people 60 --seed 6",
        takes: "30 min",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[("", LIVENESS_OTHERS)],
    },
    Measurement {
        name: "liveness-living",
        command: "annona orb attacks --people 250 --seed 6 --only living",
        takes: "10 min",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[("", LIVENESS), ("errors", LIVENESS_LIVING)],
    },
    Measurement {
        name: "liveness-lenses",
        command: "annona orb attacks --people 200 --seed 6 --only textured-lens",
        takes: "10 min",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[("", LIVENESS), ("passed", LIVENESS_LENSES)],
    },
    Measurement {
        name: "calibration",
        command: "annona orb calibrate --people 480 --captures 4 --seed 2",
        takes: "30 min",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[("", CALIBRATION)],
    },
    Measurement {
        name: "trial",
        command: "annona orb trial --people 5000 --frames 3 --seed 1",
        takes: "30 min",
        figures: Figures::InFile,
        speed: Speed::IsNoMatter,
        views: &[("", TRIAL), ("reviews", "{{ impostor.review|grouped }}")],
    },
    Measurement {
        name: "prefilter",
        command: "annona match bench --gallery 2000",
        takes: "1 min",
        figures: Figures::Printed,
        speed: Speed::IsNoMatter,
        views: &[("", PREFILTER)],
    },
    Measurement {
        name: "matching",
        command: "annona match bench --gallery 1000000",
        takes: "10 min",
        figures: Figures::Printed,
        speed: Speed::Matters,
        views: &[
            ("", MATCHING),
            (
                "all_cores",
                "{{ scaling.all_cores_million_pairs_per_s|fixed(2) }}",
            ),
            ("all_to_one", "{{ scaling.ratio|fixed(2) }}"),
            ("opening", "{{ open.seconds|fixed(2) }} s"),
        ],
    },
    Measurement {
        name: "iris-time",
        command: "cargo xtask bench iris",
        takes: "2 min",
        figures: Figures::InFile,
        speed: Speed::Matters,
        views: &[("", IRIS_TIME)],
    },
    Measurement {
        name: "proofs",
        command: "cargo xtask bench proofs",
        takes: "2 min",
        figures: Figures::InFile,
        speed: Speed::Matters,
        views: &[("", PROOFS)],
    },
    Measurement {
        name: "wasm",
        command: "cargo xtask bench wasm",
        takes: "1 min",
        figures: Figures::InFile,
        speed: Speed::Matters,
        views: &[("", WASM)],
    },
    Measurement {
        name: "tree",
        command: "cargo xtask bench tree",
        takes: "1 min",
        figures: Figures::InFile,
        speed: Speed::Matters,
        views: &[("compared", TREE_COMPARED), ("versions", TREE_VERSIONS)],
    },
    Measurement {
        name: "registry",
        command: "cargo xtask bench registry",
        takes: "1 min",
        figures: Figures::InFile,
        speed: Speed::Matters,
        views: &[("", REGISTRY)],
    },
    Measurement {
        name: "relay",
        command: "cargo xtask bench relay",
        takes: "4 min",
        figures: Figures::InFile,
        speed: Speed::Matters,
        views: &[("", RELAY)],
    },
    Measurement {
        name: "circuits",
        command: "cargo xtask bench circuits",
        takes: "2 min",
        figures: Figures::InFile,
        speed: Speed::Matters,
        views: &[("", CIRCUITS)],
    },
    Measurement {
        name: "zkml",
        command: "cargo xtask bench zkml --setup",
        takes: "10 min",
        figures: Figures::InFile,
        speed: Speed::Matters,
        views: &[("", ZKML)],
    },
    mutants(
        "mutants-core",
        "cargo xtask mutants annona-core --sample 60",
    ),
    mutants(
        "mutants-proofs",
        "cargo xtask mutants annona-proofs --sample 30",
    ),
    mutants(
        "mutants-prover",
        "cargo xtask mutants annona-prover --sample 60",
    ),
    mutants(
        "mutants-groth16",
        "cargo xtask mutants annona-groth16 --sample 30",
    ),
    mutants(
        "mutants-matcher",
        "cargo xtask mutants annona-matcher --sample 30",
    ),
    mutants(
        "mutants-engine",
        "cargo xtask mutants annona-engine --sample 30",
    ),
    mutants("mutants-contracts", "cargo xtask mutants contracts"),
];

const DEMO: &str = "
| figure | value |
| --- | --- |
| people enrolled, duplicates caught, useless images refused, attacks refused | {{ enrolled }} of {{ people }}, {{ duplicates_refused }} of {{ duplicates_offered }}, {{ bad_images_refused }} of {{ bad_images_offered }}, {{ attacks_refused }} of {{ attacks_offered }} |
| lost identities recovered | {{ recovered }} |
| payments, false claims refused | {{ claims_paid }} in {{ epochs }} epochs, {{ claims_refused }} of {{ claims_offered_falsely }} |
| gas per payment, its share of a batch: mean (least to most) | {{ gas.claim|grouped }} ({{ gas.claim_least|grouped }} to {{ gas.claim_most|grouped }}) |
| audit | {{ audit.passed }} passed, {{ audit.failed }} failed, {{ audit.not_checked }} not checked |
";

const GAS_CLAIMS: &str = "
| | new holder | existing holder | elsewhere |
| --- | ---: | ---: | --- |
| one claim | {{ claim.single.new|grouped }} | {{ claim.single.existing|grouped }} | World's grants: about 330,000 to 380,000 (estimate) |
{% for size in ['8', '32', '128'] %}
| claim in a batch of {{ size }} | {{ claim.batch[size].new|grouped }} | {{ claim.batch[size].existing|grouped }} | |
{% endfor %}
";

const GAS_JOINS: &str = "
| | 16 | 256 | 1,024 | elsewhere |
| --- | ---: | ---: | ---: | --- |
| join, in a batch of | {{ append['16']|grouped }} | {{ append['256']|grouped }} | {{ append['1024']|grouped }} | World ID 3.0: 27,080 at 10, 3,178 at 100, 725 at 1,200, without the leaves in events |
";

const GAS_BATCHES: &str = "
| batch | gas | per person |
| --- | --- | --- |
| append 16 | {{ whole_batches.append_16|grouped }} | {{ append['16']|grouped }} |
| append 256 | {{ whole_batches.append_256|grouped }} | {{ append['256']|grouped }} |
| append 1024 | {{ whole_batches.append_1024|grouped }} | {{ append['1024']|grouped }} |
| revoke 8 | {{ whole_batches.revoke_8|grouped }} | {{ revoke['8']|grouped }} |
| revoke 32 | {{ whole_batches.revoke_32|grouped }} | {{ revoke['32']|grouped }} |
| append 16, the first batch of its epoch | {{ whole_batches.append_16_first_of_epoch|grouped }} | {{ append_first_of_epoch['16']|grouped }} |
";

const SCORES: &str = "
{% set one = seeds[0] %}
{% set columns = [one.eye_raw, one.eye_normalised, one.both_eyes_normalised] %}
| | one eye, raw distance | one eye, normalised | both eyes, mean |
| --- | --- | --- | --- |
| genuine pairs |{% for it in columns %} {{ it.genuine.count|grouped }} |{% endfor +%}
| genuine mean, sd |{% for it in columns %} {{ it.genuine.mean|fixed(3) }}, {{ it.genuine.sd|fixed(3) }} |{% endfor +%}
| genuine greatest |{% for it in columns %} {{ it.genuine.max|fixed(3) }} |{% endfor +%}
| impostor pairs |{% for it in columns %} {{ it.impostor.count|grouped }} |{% endfor +%}
| impostor mean, sd |{% for it in columns %} {{ it.impostor.mean|fixed(3) }}, {{ it.impostor.sd|fixed(3) }} |{% endfor +%}
| impostor least |{% for it in columns %} {{ it.impostor.min|fixed(3) }} |{% endfor +%}
| equal error rate |{% for it in columns %} {{ it.eer|percent(2) }} |{% endfor +%}
| FNMR at FMR 1e-3, 1e-4, 1e-5 |{% for it in columns %} {% for at in ['1e-3', '1e-4', '1e-5'] %}{{ it.fnmr_at_fmr[at].fnmr|percent(2) }}{% if not loop.last %}, {% endif %}{% endfor %} |{% endfor +%}
| threshold at FMR 1e-3, 1e-4, 1e-5 |{% for it in columns %} {% for at in ['1e-3', '1e-4', '1e-5'] %}{{ it.fnmr_at_fmr[at].threshold|fixed(3) }}{% if not loop.last %}, {% endif %}{% endfor %} |{% endfor +%}
";

const SCORES_BY_SEED: &str = "
| seed | images | refused | blank, defocused images taken | genuine greatest | impostor least | pairs with one comparable eye, with none |
| --- | --- | --- | --- | --- | --- | --- |
{% for it in seeds %}
| {{ it.seed }} | {{ it.images }} | {{ it.failed_to_acquire }}{% for code, count in it.refusals|items %}{{ ': ' if loop.first else ', ' }}{{ count }} `{{ code }}`{% endfor %} | {{ it.defective_images.blank.accepted|default(0) }}, {{ it.defective_images.defocused.accepted|default(0) }} | {{ it.both_eyes_normalised.genuine.max|fixed(3) }} | {{ it.both_eyes_normalised.impostor.min|fixed(3) }} | {{ it.both_eyes_normalised.one_eye_only }}, {{ it.both_eyes_normalised.incomparable }} |
{% endfor %}
";

const SCORES_DECISIONS: &str = "
| pairs of both eyes, all seeds | duplicate | review | unique |
| --- | ---: | ---: | ---: |
{% for kind in ['genuine', 'impostor'] %}
| {{ kind }} |{% for decision in ['duplicate', 'review', 'unique'] %} {{ seeds|map(attribute='decisions.' ~ kind ~ '.' ~ decision, default=0)|sum|grouped }} |{% endfor +%}
{% endfor %}
";

const LIVENESS: &str = "
| presentation | parameters | presented | no verdict | taken for living | taken for attack | error rate | 95 % interval | named by |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{% for it in figures %}
| {{ it.presentation }} | {{ it.range or '-' }} | {{ it.presented }} | {{ it.withoutVerdict }} | {{ it.takenForLiving }} | {{ it.takenForAttacks }} | {% if it.errorRate is none %}-{% else %}{{ 'APCER' if it.range else 'BPCER' }} {{ (100 * it.errorRate)|fixed(1) }} %{% endif %} | {{ (100 * it.interval95[0])|fixed(1) }} to {{ (100 * it.interval95[1])|fixed(1) }} % | {% for check, count in it.byCheck|items %}{{ check|replace('liveness-', '') }} {{ count }}{% if not loop.last %}, {% endif %}{% endfor %} |
{% endfor %}
";

/// Distance of the least impostor score of the last seed from the mean, in standard deviations.
const SCORES_TAIL: &str = "
{% set it = (seeds|last).both_eyes_normalised.impostor %}
{{ ((it.mean - it.min) / it.sd)|fixed(1) }}
";

/// Attacks and living people of whom more are presented elsewhere are left out.
const LIVENESS_OTHERS: &str = "
| presentation | parameters | presented | no verdict | taken for living | taken for attack | error rate | 95 % interval | named by |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{% for it in figures if it.presentation not in ['living person', 'textured-lens'] %}
| {{ it.presentation }} | {{ it.range or '-' }} | {{ it.presented }} | {{ it.withoutVerdict }} | {{ it.takenForLiving }} | {{ it.takenForAttacks }} | {% if it.errorRate is none %}-{% else %}{{ 'APCER' if it.range else 'BPCER' }} {{ (100 * it.errorRate)|fixed(1) }} %{% endif %} | {{ (100 * it.interval95[0])|fixed(1) }} to {{ (100 * it.interval95[1])|fixed(1) }} % | {% for check, count in it.byCheck|items %}{{ check|replace('liveness-', '') }} {{ count }}{% if not loop.last %}, {% endif %}{% endfor %} |
{% endfor %}
";

const LIVENESS_LIVING: &str = "
{% set it = figures[0] %}
{{ it.takenForAttacks }} of {{ it.takenForAttacks + it.takenForLiving }}
";

const LIVENESS_LENSES: &str = "
{% set tuned = figures[0] %}
{% set other = figures[1] %}
{{ tuned.takenForLiving }} of {{ tuned.takenForLiving + tuned.takenForAttacks }} with a verdict, and {{ other.takenForLiving }} of {{ other.takenForLiving + other.takenForAttacks }} with held-out parameters
";

const CALIBRATION: &str = "
| statistic | real eyes | tolerance | simulated | error | |
| --- | --- | --- | --- | --- | --- |
{% for it in lines %}
| {{ it.name }} | {{ it.real[0]|shortest }}{% if it.real[0] != it.real[1] %} to {{ it.real[1]|shortest }}{% endif %} | {{ it.tolerance|shortest }} | {{ it.measured|fixed(4) }} | {{ it.standard_error|fixed(4) }} | {{ 'within' if it.within else 'OUT' }} |
{% endfor %}
";

const TRIAL: &str = "
| | events | of | rate | 95 % interval |
| --- | ---: | ---: | ---: | --- |
{% for what, it in [['failure to enrol', failed_to_enrol], ['failure to capture again', failed_to_capture], ['false match, both eyes', false_match], ['false non-match, both eyes', false_non_match]] %}
| {{ what }} | {{ it.events|grouped }} | {{ it.trials|grouped }} | {{ it.rate|percent(2) }} | {{ it.interval|interval(2) }} |
{% endfor %}
";

const PREFILTER: &str = "
It kept {{ (prefilter.survivors_fraction * prefilter.strangers)|grouped }} of {{ prefilter.strangers|grouped }} impostor pairs and missed {{ prefilter.missed }} of {{ prefilter.alike|grouped }} genuine ones below the limit ({{ prefilter.miss_rate_interval|interval(2) }}).
";

const MATCHING: &str = "
| path | in cache, 256 templates | in a file | templates in the file |
| --- | ---: | ---: | ---: |
{% for name, called in [['plain', \"plain: 31 turned probes, one mask bit per code bit\"], ['plain-popcnt', \"the same with the processor's `popcnt`: iris-mpc's way, built for the machine\"], ['plain-native', 'the same, written in AVX-512 with VPOPCNTDQ where there is one'], ['portable', 'portable'], ['avx2', 'AVX2'], ['avx512', 'AVX-512 with VPOPCNTDQ'], ['portable-prefiltered', 'portable, prefiltered'], ['avx2-prefiltered', 'AVX2, prefiltered'], ['avx512-prefiltered', 'AVX-512, prefiltered']] %}
{% set rates = paths|selectattr('name', 'equalto', name)|list %}
{% if rates %}
| {{ called }} | {{ rates[0].million_pairs_per_s_per_core|fixed(3) }} | {% if rates|length > 1 %}{{ rates[1].million_pairs_per_s_per_core|fixed(3) }} | {{ rates[1].gallery|grouped }}{% else %}|{% endif %} |
{% endif %}
{% endfor %}
";

const IRIS_TIME: &str = "
| image | preparation | pupil and limbus as a pair | pupil | limbus and eyelids | normalised iris | code | all |
| --- | --- | --- | --- | --- | --- | --- | --- |
{% for it in iris %}
| {{ it.image }} |{% for stage in ['Preparation', 'Eye', 'Pupil', 'LimbusAndEyelids', 'NormalisedIris', 'Code'] %} {{ it.stages_ms[stage]|fixed(1) }} |{% endfor %} {{ it.all_ms|fixed(1) }} |
{% endfor %}
";

const PROOFS: &str = "
{% set both = [oneThread, allThreads] %}
| times in µs | one thread | against semaphore-rs | {{ allThreads.threads }} threads | against semaphore-rs |
| --- | ---: | ---: | ---: | ---: |
| verify one, semaphore-rs |{% for it in both %} {{ it.verifyMicros.semaphoreRs|fixed(0) }} | |{% endfor +%}
| verify one |{% for it in both %} {{ it.verifyMicros.annona|fixed(0) }} | {{ it.verifyMicros.ratio|fixed(2) }}x |{% endfor +%}
{% for batch in oneThread.batches %}
{% set place = loop.index0 %}
| each of a batch of {{ batch.claims }} |{% for it in both %} {{ it.batches[place].microsPerClaim|fixed(0) }} | {{ it.batches[place].ratio|fixed(2) }}x |{% endfor +%}
{% endfor %}
| each of a batch of {{ oneThread.oneFalseOf }}, one of them false |{% for it in both %} {{ it.oneFalseMicrosPerClaim|fixed(0) }} | {{ (it.verifyMicros.semaphoreRs / it.oneFalseMicrosPerClaim)|fixed(2) }}x |{% endfor +%}
| prove one, semaphore-rs |{% for it in both %} {{ (1000 * it.proveMillis.semaphoreRs)|fixed(0) }} | |{% endfor +%}
| prove one |{% for it in both %} {{ (1000 * it.proveMillis.annona)|fixed(0) }} | {{ it.proveMillis.ratio|fixed(2) }}x |{% endfor +%}
";

const WASM: &str = "
| a claim, median of {{ claims }}, Chromium {{ chromium|split('.')|first }} | |
| --- | ---: |
| one worker, warm | {{ oneWorkerMillis|fixed(0) }} ms |
| two workers, warm | {{ twoWorkersMillis|fixed(0) }} ms |
| one worker, cold: module and files from the browser's cache | {{ coldMillis|fixed(0) }} ms |
| snarkjs, one thread, warm | {{ snarkjsMillis|fixed(0) }} ms |
| one worker against snarkjs | {{ ratio|fixed(2) }}x |
| memory of a worker | {{ memoryMegabytes|fixed(0) }} MB |
";

const TREE_COMPARED: &str = "
| same work | annona | semaphore-rs | |
| --- | ---: | ---: | ---: |
| Poseidon of two, one core, µs | {{ hashMicros|fixed(2) }} | {{ semaphoreHashMicros|fixed(2) }} | {{ (semaphoreHashMicros / hashMicros)|fixed(1) }}x |
| the same of many pairs, µs | {{ batchedHashMicros|fixed(2) }} | {{ semaphoreHashMicros|fixed(2) }} | {{ (semaphoreHashMicros / batchedHashMicros)|fixed(1) }}x |
| append in batches of 256, leaves/s of a processor (cascading tree) | {{ comparedAppendLeavesPerProcessorSec|grouped }} | {{ semaphoreCascadingAppendLeavesPerProcessorSec|grouped }} | {{ (comparedAppendLeavesPerProcessorSec / semaphoreCascadingAppendLeavesPerProcessorSec)|fixed(1) }}x |
| append of one leaf, µs (lazy tree) | {{ updateMicros|fixed(0) }} | {{ semaphoreLazyUpdateMicros|fixed(0) }} | {{ (semaphoreLazyUpdateMicros / updateMicros)|fixed(1) }}x |
| path of a leaf, µs (lazy tree) | {{ comparedProofMicros|fixed(2) }} | {{ semaphoreLazyProofMicros|fixed(2) }} | {{ (semaphoreLazyProofMicros / comparedProofMicros)|fixed(1) }}x |
";

const TREE_VERSIONS: &str = "
| {{ leaves|grouped }} leaves, {{ versions }} versions | |
| --- | ---: |
| append in batches of 256, leaves/s of a processor | {{ appendLeavesPerProcessorSec|grouped }} |
| path in the slowest version, µs | {{ proofMicrosSlowestVersion|fixed(2) }} |
| file, MB | {{ (fileBytes / 1000000)|fixed(1) }} |
| restore from it, s of processors | {{ restoreProcessorSecs|fixed(2) }} |
| memory of the process, MB | {% if residentMegabytes is none %}-{% else %}{{ residentMegabytes|fixed(0) }}{% endif %} |
";

const REGISTRY: &str = "
| people in a batch | s from the queue to a final leaf | people/s |
| ---: | ---: | ---: |
{% for it in figures %}
| {{ it.people }} | {{ it.seconds|fixed(2) }} | {{ it.peoplePerSecond|fixed(1) }} |
{% endfor %}
";

const RELAY: &str = "
| claims | clients | accounts | accepted/s | settled/s | p50 ms | p95 ms | p99 ms | MB |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
| {{ claims }} | {{ clients }} | {{ senders }} | {{ accepted_per_s|fixed(0) }} | {{ settled_per_s|fixed(0) }} | {{ p50_ms|fixed(0) }} | {{ p95_ms|fixed(0) }} | {{ p99_ms|fixed(0) }} | {% if rss_mb is none %}-{% else %}{{ rss_mb|fixed(0) }}{% endif %} |
";

const CIRCUITS: &str = "
| circuit | constraints | witness, s | prove, s | verify, ms |
| --- | ---: | ---: | ---: | ---: |
{% for it in circuits %}
| {{ it.circuit }} | {{ it.constraints|grouped }} | {{ it.witness.secs|fixed(2) }} | {{ it.prove.secs|fixed(2) }} | {{ (1000 * it.verify.secs)|fixed(1) }} |
{% endfor %}
";

const ZKML: &str = "
| model | code bits | constraints | make key, s | load key, s | witness, s | prove, s | verify, ms | memory, MB | proof, bytes | prover file, MB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{% for it in models %}
| {{ it.model }} | {{ it.code_bits|grouped }} | {{ it.constraints|grouped }} | {% if it.setup is none %}-{% else %}{{ it.setup.secs|fixed(1) }}{% endif %} | {{ it.load.secs|fixed(2) }} | {{ it.witness.secs|fixed(2) }} | {{ it.prove.secs|fixed(2) }} | {{ (1000 * it.verify.secs)|fixed(2) }} | {% if it.memory_megabytes is none %}-{% else %}{{ it.memory_megabytes|fixed(0) }}{% endif %} | {{ it.proof_bytes }} | {{ (it.prover_bytes / 1000000)|fixed(0) }} |
{% endfor %}
";

/// Cells of a row: the table's rows are measured one by one.
const MUTANTS: &str = "{{ packages[0].mutants|grouped }} | {{ packages[0].tried|grouped }} | {{ packages[0].caught|grouped }} | {{ packages[0].score_percent }} % | {{ packages[0].least_score_percent }} %";
