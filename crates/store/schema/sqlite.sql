CREATE TABLE append_members (
    slot_id INTEGER NOT NULL REFERENCES slots (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    enrolment_id BLOB NOT NULL REFERENCES enrolments (id),
    PRIMARY KEY (slot_id, position),
    UNIQUE (slot_id, enrolment_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    slot_id INTEGER NOT NULL REFERENCES slots (id),
    kind TEXT NOT NULL CHECK (kind IN ('load', 'cancel')),
    hash BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    raw BLOB NOT NULL,
    max_fee_wei INTEGER NOT NULL CHECK (max_fee_wei >= 0),
    priority_fee_wei INTEGER NOT NULL CHECK (priority_fee_wei >= 0),
    made_at_block INTEGER NOT NULL CHECK (made_at_block >= 0)
) STRICT;

CREATE INDEX attempts_slot ON attempts (slot_id, id);

CREATE TABLE awaited_leaves (
    enrolment_id BLOB NOT NULL REFERENCES enrolments (id),
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    PRIMARY KEY (enrolment_id, commitment)
) STRICT, WITHOUT ROWID;

CREATE INDEX awaited_leaves_commitment ON awaited_leaves (commitment);

CREATE TABLE chain_marks (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL CHECK (length(value) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim_members (
    slot_id INTEGER NOT NULL REFERENCES slots (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    nullifier BLOB NOT NULL REFERENCES claims (nullifier),
    -- The claim's, when it was sent.
    submission INTEGER NOT NULL CHECK (submission >= 1),
    PRIMARY KEY (slot_id, position),
    UNIQUE (slot_id, nullifier)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_members_nullifier ON claim_members (nullifier);

CREATE TABLE claims (
    arrival INTEGER PRIMARY KEY,
    nullifier BLOB NOT NULL UNIQUE CHECK (length(nullifier) = 32),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    recipient BLOB NOT NULL CHECK (length(recipient) = 20),
    fee_recipient BLOB NOT NULL CHECK (length(fee_recipient) = 20),
    fee BLOB NOT NULL CHECK (length(fee) = 32),
    proof BLOB NOT NULL CHECK (length(proof) = 256),
    received_at INTEGER NOT NULL CHECK (received_at >= 0),
    root BLOB NOT NULL CHECK (length(root) = 32),
    chain_time INTEGER NOT NULL CHECK (chain_time >= 0),
    deadline INTEGER CHECK (deadline >= chain_time),
    state TEXT NOT NULL
        CHECK (state IN ('queued', 'batched', 'submitted', 'mined', 'final', 'rejected')),
    transaction_hash BLOB CHECK (length(transaction_hash) = 32),
    -- How often it was made: one that was rejected can be made again.
    submission INTEGER NOT NULL DEFAULT 1 CHECK (submission >= 1),
    rejection TEXT CHECK (rejection IN (
        'nullifier-spent', 'epoch-not-open', 'invalid-proof', 'census-reached',
        'fee-above-amount', 'bad-recipient', 'transfer-failed', 'refused'
    )),
    CHECK ((state IN ('queued', 'rejected')) = (transaction_hash IS NULL)),
    CHECK ((state = 'rejected') = (rejection IS NOT NULL))
) STRICT;

CREATE INDEX claims_state_epoch_arrival ON claims (state, epoch, arrival);

CREATE TABLE custody_packages (
    enrolment_id BLOB PRIMARY KEY NOT NULL REFERENCES enrolments (id),
    -- Key of the visit: whoever has its secret is handed the package.
    visit_key BLOB NOT NULL CHECK (length(visit_key) = 33),
    -- Wiped when the device has it, or when it is too old.
    sealed BLOB CHECK (length(sealed) BETWEEN 1 AND 36864),
    keep_until INTEGER NOT NULL CHECK (keep_until >= 0)
) STRICT;

CREATE INDEX custody_packages_kept ON custody_packages (keep_until) WHERE sealed IS NOT NULL;

CREATE TABLE deployment (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    chain_id INTEGER NOT NULL CHECK (chain_id >= 0),
    registry BLOB NOT NULL CHECK (length(registry) = 20),
    distributor BLOB NOT NULL CHECK (length(distributor) = 20),
    model_id BLOB NOT NULL CHECK (length(model_id) = 32)
) STRICT;

CREATE TABLE enrolments (
    arrival INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE CHECK (length(id) = 32),
    orb BLOB NOT NULL CHECK (length(orb) = 20),
    nonce BLOB NOT NULL UNIQUE CHECK (length(nonce) = 32),
    commitment BLOB NOT NULL CHECK (length(commitment) = 32),
    iris_digest BLOB NOT NULL CHECK (length(iris_digest) = 32),
    image_digest BLOB NOT NULL CHECK (length(image_digest) = 32),
    model_id BLOB NOT NULL CHECK (length(model_id) = 32),
    kind TEXT NOT NULL CHECK (kind IN ('new', 'recovery')),
    captured_at INTEGER NOT NULL CHECK (captured_at >= 0),
    received_at INTEGER NOT NULL CHECK (received_at >= 0),
    state TEXT NOT NULL
        CHECK (state IN (
            'duplicate', 'review', 'queued', 'submitted', 'mined', 'final', 'withdrawn'
        )),
    transaction_hash BLOB CHECK (length(transaction_hash) = 32),
    leaf_index INTEGER CHECK (leaf_index BETWEEN 0 AND 1073741823),
    -- The same person's enrolment before it.
    replaces BLOB REFERENCES enrolments (id),
    CHECK ((state IN ('submitted', 'mined', 'final')) = (transaction_hash IS NOT NULL)),
    CHECK ((state IN ('submitted', 'mined', 'final')) = (leaf_index IS NOT NULL)),
    CHECK (replaces IS NULL OR state NOT IN ('duplicate', 'review'))
) STRICT;

CREATE UNIQUE INDEX enrolments_admitted_commitment ON enrolments (commitment)
    WHERE state NOT IN ('duplicate', 'review');

CREATE INDEX enrolments_orb_arrival ON enrolments (orb, arrival);

CREATE UNIQUE INDEX enrolments_replaces ON enrolments (replaces) WHERE state <> 'withdrawn';

CREATE INDEX enrolments_state_arrival ON enrolments (state, arrival);

CREATE TABLE gallery (
    sequence INTEGER PRIMARY KEY,
    previous INTEGER GENERATED ALWAYS AS (nullif(sequence - 1, 0)) STORED
        REFERENCES gallery (sequence),
    enrolment_id BLOB NOT NULL UNIQUE REFERENCES enrolments (id),
    templates BLOB NOT NULL
) STRICT;

CREATE TABLE iris_commitments (
    enrolment_id BLOB NOT NULL REFERENCES enrolments (id),
    eye TEXT NOT NULL CHECK (eye IN ('left', 'right')),
    -- Of an enrolment there are both eyes or neither.
    other_eye TEXT NOT NULL GENERATED ALWAYS AS (
        CASE eye WHEN 'left' THEN 'right' ELSE 'left' END
    ) STORED,
    image_commitment BLOB NOT NULL UNIQUE CHECK (length(image_commitment) = 32),
    code_commitment BLOB NOT NULL UNIQUE CHECK (length(code_commitment) = 32),
    PRIMARY KEY (enrolment_id, eye),
    FOREIGN KEY (enrolment_id, other_eye) REFERENCES iris_commitments (enrolment_id, eye)
        DEFERRABLE INITIALLY DEFERRED
) STRICT, WITHOUT ROWID;

CREATE TABLE model_upgrade (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    model_id BLOB NOT NULL UNIQUE CHECK (length(model_id) = 32),
    verifying_key BLOB NOT NULL,
    -- Until then people can change from home.
    old_until INTEGER NOT NULL CHECK (old_until >= 0),
    published_at INTEGER NOT NULL CHECK (published_at >= 0)
) STRICT;

CREATE TABLE orb_people (
    orb BLOB NOT NULL CHECK (length(orb) = 20),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    people INTEGER NOT NULL CHECK (people > 0),
    PRIMARY KEY (orb, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE review_matches (
    enrolment_id BLOB NOT NULL REFERENCES reviews (enrolment_id),
    sequence INTEGER NOT NULL REFERENCES gallery (sequence),
    score_micros INTEGER NOT NULL CHECK (score_micros >= 0),
    PRIMARY KEY (enrolment_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER reviews_wiped AFTER UPDATE OF templates ON reviews WHEN new.templates IS NULL
BEGIN
    UPDATE upgraded_reviews SET templates = NULL WHERE enrolment_id = new.enrolment_id;
END;

CREATE TABLE reviews (
    enrolment_id BLOB PRIMARY KEY REFERENCES enrolments (id),
    templates BLOB,
    keep_until INTEGER NOT NULL CHECK (keep_until >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE revocations (
    arrival INTEGER PRIMARY KEY,
    commitment BLOB NOT NULL UNIQUE CHECK (length(commitment) = 32),
    reason TEXT NOT NULL CHECK (reason IN ('recovery', 'orb', 'operator')),
    requested_at INTEGER NOT NULL CHECK (requested_at >= 0),
    state TEXT NOT NULL CHECK (state IN ('queued', 'submitted', 'mined', 'final', 'void')),
    transaction_hash BLOB CHECK (length(transaction_hash) = 32),
    CHECK ((state IN ('queued', 'void')) = (transaction_hash IS NULL))
) STRICT;

CREATE INDEX revocations_state_arrival ON revocations (state, arrival);

CREATE TABLE revoke_members (
    slot_id INTEGER NOT NULL REFERENCES slots (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    commitment BLOB NOT NULL REFERENCES revocations (commitment),
    PRIMARY KEY (slot_id, position),
    UNIQUE (slot_id, commitment)
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (
    id INTEGER PRIMARY KEY,
    sender BLOB NOT NULL CHECK (length(sender) = 20),
    nonce INTEGER NOT NULL CHECK (nonce >= 0),
    purpose TEXT NOT NULL CHECK (purpose IN ('append', 'revoke', 'claims', 'fill')),
    start_index INTEGER CHECK (start_index BETWEEN 0 AND 1073741823),
    state TEXT NOT NULL CHECK (state IN ('stored', 'sent', 'mined', 'final', 'failed')),
    -- The attempt whose load is in a block, and the block.
    mined_hash BLOB REFERENCES attempts (hash),
    block_number INTEGER CHECK (block_number >= 0),
    block_hash BLOB CHECK (length(block_hash) = 32),
    UNIQUE (sender, nonce),
    CHECK ((purpose = 'append') = (start_index IS NOT NULL)),
    CHECK ((state IN ('mined', 'final')) = (mined_hash IS NOT NULL)),
    CHECK ((state IN ('mined', 'final')) = (block_number IS NOT NULL)),
    CHECK ((state IN ('mined', 'final')) = (block_hash IS NOT NULL))
) STRICT;

CREATE INDEX slots_open ON slots (sender, nonce)
    WHERE state IN ('stored', 'sent', 'mined');

CREATE TABLE struck_orbs (
    orb BLOB PRIMARY KEY CHECK (length(orb) = 20),
    struck_at INTEGER NOT NULL CHECK (struck_at >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE upgraded_entries (
    position INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL UNIQUE REFERENCES gallery (sequence),
    model_id BLOB NOT NULL REFERENCES model_upgrade (model_id),
    left_code_commitment BLOB NOT NULL UNIQUE CHECK (length(left_code_commitment) = 32),
    right_code_commitment BLOB NOT NULL UNIQUE CHECK (length(right_code_commitment) = 32),
    upgraded_at INTEGER NOT NULL CHECK (upgraded_at >= 0)
) STRICT;

CREATE TABLE upgraded_reviews (
    enrolment_id BLOB PRIMARY KEY REFERENCES reviews (enrolment_id),
    model_id BLOB NOT NULL REFERENCES model_upgrade (model_id),
    templates BLOB,
    left_code_commitment BLOB NOT NULL CHECK (length(left_code_commitment) = 32),
    right_code_commitment BLOB NOT NULL CHECK (length(right_code_commitment) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE write_probe (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    written_at INTEGER NOT NULL CHECK (written_at >= 0),
    -- As many pages as a claim touches, and more.
    ballast BLOB NOT NULL
) STRICT;
