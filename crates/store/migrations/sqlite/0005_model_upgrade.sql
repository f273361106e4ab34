-- The change of the model that templates are made by, while one is under way.
CREATE TABLE model_upgrade (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    model_id BLOB NOT NULL UNIQUE CHECK (length(model_id) = 32),
    verifying_key BLOB NOT NULL,
    -- Until then people can change from home.
    old_until INTEGER NOT NULL CHECK (old_until >= 0),
    published_at INTEGER NOT NULL CHECK (published_at >= 0)
) STRICT;

-- Entries of the gallery whose templates are of the new model, in the order of their change. Rows
-- are never deleted, so that positions have no gaps.
CREATE TABLE upgraded_entries (
    position INTEGER PRIMARY KEY,
    sequence INTEGER NOT NULL UNIQUE REFERENCES gallery (sequence),
    model_id BLOB NOT NULL REFERENCES model_upgrade (model_id),
    left_code_commitment BLOB NOT NULL UNIQUE CHECK (length(left_code_commitment) = 32),
    right_code_commitment BLOB NOT NULL UNIQUE CHECK (length(right_code_commitment) = 32),
    upgraded_at INTEGER NOT NULL CHECK (upgraded_at >= 0)
) STRICT;

-- Templates by the new model of people under review. They are wiped with those of the old one.
CREATE TABLE upgraded_reviews (
    enrolment_id BLOB PRIMARY KEY REFERENCES reviews (enrolment_id),
    model_id BLOB NOT NULL REFERENCES model_upgrade (model_id),
    templates BLOB,
    left_code_commitment BLOB NOT NULL CHECK (length(left_code_commitment) = 32),
    right_code_commitment BLOB NOT NULL CHECK (length(right_code_commitment) = 32)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER reviews_wiped AFTER UPDATE OF templates ON reviews WHEN new.templates IS NULL
BEGIN
    UPDATE upgraded_reviews SET templates = NULL WHERE enrolment_id = new.enrolment_id;
END;
