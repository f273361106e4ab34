-- A claim that was rejected can be submitted again: the column counts its submissions.
ALTER TABLE claims RENAME COLUMN making TO submission;
ALTER TABLE claim_members RENAME COLUMN making TO submission;
