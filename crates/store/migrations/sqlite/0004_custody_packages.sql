-- Packages that orbs sealed for citizens, which the service cannot open.
CREATE TABLE custody_packages (
    enrolment_id BLOB PRIMARY KEY NOT NULL REFERENCES enrolments (id),
    -- Key of the visit: whoever has its secret is handed the package.
    visit_key BLOB NOT NULL CHECK (length(visit_key) = 33),
    -- Wiped when the device has it, or when it is too old.
    sealed BLOB CHECK (length(sealed) BETWEEN 1 AND 36864),
    keep_until INTEGER NOT NULL CHECK (keep_until >= 0)
) STRICT;

CREATE INDEX custody_packages_kept ON custody_packages (keep_until) WHERE sealed IS NOT NULL;
