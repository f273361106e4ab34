-- Commitments that an orb signed, beside the templates that they are about. Each commits to one
-- eye of one enrolment.
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
