// Made from docs/openapi.json by `npm run gen`. Do not edit.

export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tells that the process runs. */
        get: operations["liveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Figures in the text format of Prometheus. */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns this document. */
        get: operations["openapi_document"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tells whether the service does its work, part by part.
         * @description It names the database by a write, the chain, the contracts, each worker, the disk and the
         *     clock, and of each that is not ready since when and why.
         */
        get: operations["readiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/claims": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submits a claim.
         * @description The proof is verified before the answer, which carries a signed receipt: with it anyone
         *     can prove that the claim was dropped or paid late. The same claim sent again, with the
         *     same proof or another one, gets the same receipt and the claim as it is then. A claim
         *     that is rejected later has a signed refusal in its answers; after it, a claim whose
         *     nullifier is not spent is taken anew, for the same payment or another.
         */
        post: operations["submit_claim"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/claims/{nullifier}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns the status of a claim. */
        get: operations["find_claim"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/claims/{nullifier}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Streams the status of a claim until it is settled.
         * @description Server-sent events named `claim`; their data is a claim as `GET /v1/claims/{nullifier}`
         *     shows it: first as it is, then at each change. The stream ends when the claim is
         *     settled or after a minute, whichever is first; with `Last-Event-ID` it goes on
         *     where it ended, and answers 204 when there is nothing left to tell.
         */
        get: operations["watch_claim"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns the facts that a wallet, an orb or an auditor needs to know of this service. */
        get: operations["config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/enrolments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Submits a packet that an active orb has signed.
         * @description The decision is made and stored before the answer. The same packet sent again
         *     gets the same decision.
         */
        post: operations["submit_enrolment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/enrolments/by-nonce/{nonce}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the status of the enrolment that used a nonce.
         * @description A phone follows its own enrolment by the nonce of the code that it showed to the orb. The
         *     status is `checking` while the service works on the orb's packet, `duplicate` for a person who
         *     was refused, and `review` for one of whom the orb makes a second capture, under a fresh code. A
         *     visit that was refused without a record is answered with the refusal that the orb got, for ten
         *     minutes. A nonce of which the service has seen nothing yet is unknown, and so is one in a packet
         *     that no known orb has signed.
         */
        get: operations["find_enrolment_by_nonce"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/enrolments/by-nonce/{nonce}/package": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Hands out the package that the orb sealed for a visit.
         * @description The request is signed by the key of the visit code: ECDSA with SHA-256 on P-256, over the 15
         *     bytes of "annona custody" with a zero behind it, a byte 0, the chain id (8 bytes), the orb
         *     registry (20) and the nonce (32). The package can be asked for again until its receipt is
         *     confirmed.
         */
        post: operations["collect_package"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/enrolments/by-nonce/{nonce}/package/received": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deletes the package of a visit: the device has opened it.
         * @description The request is signed as the one for the package is, with a byte 1 in the place of the byte 0.
         */
        post: operations["confirm_package"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/enrolments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns the status of an enrolment. */
        get: operations["find_enrolment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/epochs/current": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Returns the current epoch, by the chain's clock. */
        get: operations["current_epoch"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/model-upgrade": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the change to another model, while one is under way.
         * @description Orbs then send codes by both models, and people can replace their templates from home.
         */
        get: operations["find_model_upgrade"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/model-upgrade/templates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replaces a person's templates by those of the model that the service changes to.
         * @description Both codes are proved from the irises to which an orb committed at the enrolment, for the
         *     person's commitment. The request needs no signature: only who has the irises with their salts can
         *     make the proofs, and about no other codes. The same request again gets the same answer.
         */
        post: operations["upgrade_templates"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tree/{epoch}/{level}/{index}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A tile of the tree that claims of an epoch are proved against.
         * @description The tree has 30 levels, and four levels of tiles: the leaves, and the nodes 8, 16 and
         *     24 levels above them. A tile is 256 neighbours of its level (64 of the topmost), in
         *     order, 32 big-endian bytes each; empty nodes at its right end are left out. An empty
         *     leaf is zero, any other node is Poseidon of the two below it.
         *
         *     A wallet takes the four tiles over its leaf, `index = leaf >> 8, leaf >> 16, leaf >> 24, 0`,
         *     makes its path of them, and compares the root with the one on the chain. While
         *     a tile has fewer than 128 people, it takes more of them. The service learns only among
         *     which people of these tiles the wallet is, and with a cache in between not even that.
         */
        get: operations["tile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Format: eip55-address
         * @description An address: 0x and 40 hexadecimal digits, of one case or with the checksum of EIP-55.
         */
        AddressText: string;
        /**
         * Format: uint256-decimal
         * @description A number below 2^256, decimal.
         */
        AmountText: string;
        /** @description An iris template of whatever model, as bytes: 0x and hexadecimal digits. */
        AnyTemplateText: string;
        /**
         * Format: base64
         * @description At least one byte and at most 36,864 in base 64 (RFC 4648, section 4), with padding.
         */
        Base64Text: string;
        /** @description A claim for one epoch. */
        ClaimRequest: {
            /** @description The epoch claimed. */
            epoch: components["schemas"]["UnsignedNumber"];
            /** @description The fee in the token's smallest unit, decimal. */
            fee: components["schemas"]["AmountText"];
            /** @description Receives the fee: 0x and 40 hexadecimal digits. */
            feeRecipient: components["schemas"]["AddressText"];
            /** @description Nullifier hash: 0x and 64 hexadecimal digits, below the BN254 scalar modulus. */
            nullifierHash: components["schemas"]["ScalarText"];
            /**
             * @description Groth16 proof in the order a.x, a.y, b.x.c1, b.x.c0, b.y.c1, b.y.c0, c.x, c.y;
             *     each 0x and 64 hexadecimal digits, below the BN254 base modulus.
             */
            proof: components["schemas"]["CoordinateText"][];
            /** @description Receives the epoch's amount less the fee: 0x and 40 hexadecimal digits. */
            recipient: components["schemas"]["AddressText"];
        };
        /**
         * @description Status of a claim.
         * @enum {string}
         */
        ClaimStatus: "queued" | "batched" | "submitted" | "mined" | "final" | "rejected";
        /** @description A claim as the service knows it. */
        ClaimView: {
            /**
             * Format: int64
             * @description The epoch claimed.
             */
            epoch: number;
            /** @description Nullifier hash, the claim's name. */
            nullifierHash: components["schemas"]["ScalarText"];
            /** @description Stable code of the reason of a rejection. */
            reason?: string | null;
            receipt?: components["schemas"]["ReceiptView"] | null;
            refusal?: components["schemas"]["RefusalView"] | null;
            /** @description Status of the claim. */
            status: components["schemas"]["ClaimStatus"];
            transactionHash?: components["schemas"]["WordText"] | null;
        };
        /**
         * Format: bn254-scalar-nonzero
         * @description A scalar that is not zero: 0x and 64 hexadecimal digits.
         */
        CommitmentText: string;
        /** @description Facts that a wallet, an orb or an auditor needs to know of this service. */
        ConfigView: {
            /**
             * Format: int64
             * @description EIP-155 chain id.
             */
            chainId: number;
            /**
             * Format: int64
             * @description Epochs that an epoch stays claimable, its own included.
             */
            claimWindowEpochs: number;
            /**
             * Format: int64
             * @description Blocks on top of a block after which it is final.
             */
            confirmations: number;
            /**
             * Format: int64
             * @description Block of the first contract; no event of the deployment is older.
             */
            deploymentBlock: number;
            /** @description Address of the distributor. */
            distributor: components["schemas"]["AddressText"];
            /**
             * Format: int64
             * @description Length of an epoch in seconds.
             */
            epochLengthSecs: number;
            /**
             * Format: int64
             * @description First second of epoch 0.
             */
            genesis: number;
            /**
             * Format: int64
             * @description Oldest capture taken, in seconds.
             */
            maxCaptureAgeSecs: number;
            /** @description Hash of the iris encoder's parameter file. */
            modelId: components["schemas"]["WordText"];
            /** @description Address of the orb registry, the verifying contract of enrolments. */
            orbRegistry: components["schemas"]["AddressText"];
            /** @description Address whose key signs the receipts of claims. */
            receiptSigner: components["schemas"]["AddressText"];
            /** @description Address of the registry. */
            registry: components["schemas"]["AddressText"];
            /**
             * @description RPC endpoints of the chain that the operator recommends to wallets whose owner has named
             *     none, in the order of preference. Each is https, or http to the reader's own machine.
             */
            rpcUrls: string[];
            /** @description Address of the token. */
            token: components["schemas"]["AddressText"];
            /** @description Version of the service. */
            version: string;
        };
        /**
         * Format: bn254-coordinate
         * @description A number below the order of the BN254 base field, as 32 big-endian bytes: 0x and 64 hexadecimal digits.
         */
        CoordinateText: string;
        /**
         * @description Submission of an orb: the EIP-712 struct `Enrolment` or `EnrolmentV2`, its signature and the
         *     templates.
         */
        EnrolmentRequest: {
            /** @description The orb's clock at capture, Unix seconds. */
            capturedAt: components["schemas"]["UnsignedNumber"];
            /** @description Commitment that the citizen's device showed: 0x and 64 hexadecimal digits. */
            commitment: components["schemas"]["CommitmentText"];
            commitments?: components["schemas"]["IrisCommitmentsRequest"] | null;
            encodingProofs?: components["schemas"]["ProofPairText"] | null;
            /** @description keccak256 of the captured images: 0x and 64 hexadecimal digits. */
            imageDigest: components["schemas"]["WordText"];
            /** @description keccak256 of the templates' bytes, left then right: 0x and 64 hexadecimal digits. */
            irisDigest: components["schemas"]["WordText"];
            /** @description New or recovery. */
            kind: components["schemas"]["KindName"];
            /** @description Template of the left eye, hexadecimal. */
            leftTemplate: components["schemas"]["TemplateText"];
            /** @description Hash of the encoder's parameter file: 0x and 64 hexadecimal digits. */
            modelId: components["schemas"]["WordText"];
            /** @description Chosen by the citizen's device, used once: 0x and 64 hexadecimal digits. */
            nonce: components["schemas"]["WordText"];
            package?: components["schemas"]["SealedPackageRequest"] | null;
            /** @description Template of the right eye, hexadecimal. */
            rightTemplate: components["schemas"]["TemplateText"];
            /** @description Signature of the orb's device key, 65 bytes r, s, v: 0x and 130 hexadecimal digits. */
            signature: components["schemas"]["SignatureText"];
            upgradedCodes?: components["schemas"]["UpgradedCodesRequest"] | null;
            /**
             * @description Version of the statement: 1, which is meant when it is left out, without `commitments`, and
             *     2 with them.
             */
            version?: components["schemas"]["UnsignedNumber"];
        };
        /**
         * @description Status of an enrolment.
         * @enum {string}
         */
        EnrolmentStatus: "checking" | "duplicate" | "review" | "queued" | "submitted" | "mined" | "final" | "revoked" | "withdrawn";
        /** @description An enrolment as the service knows it. */
        EnrolmentView: {
            /** @description Commitment of the person. */
            commitment: components["schemas"]["CommitmentText"];
            /** @description EIP-712 digest that the orb signed, the enrolment's name. */
            id: components["schemas"]["WordText"];
            /**
             * Format: int64
             * @description Position in the tree, once mined.
             */
            leafIndex?: number | null;
            /** @description Status of the enrolment. */
            status: components["schemas"]["EnrolmentStatus"];
            transactionHash?: components["schemas"]["WordText"] | null;
        };
        /** @description The current epoch, by the chain's clock. */
        EpochView: {
            amount?: components["schemas"]["AmountText"] | null;
            /**
             * Format: int64
             * @description Timestamp of the newest block.
             */
            chainTime: number;
            /**
             * Format: int64
             * @description Claims paid in the epoch.
             */
            claimed: number;
            /**
             * Format: int64
             * @description First second of the next epoch.
             */
            endsAt: number;
            /**
             * Format: int64
             * @description Number of the epoch.
             */
            epoch: number;
            /**
             * Format: int64
             * @description Members who can claim: `N_e`.
             */
            memberCount: number;
            /**
             * Format: int64
             * @description Oldest epoch that can still be claimed.
             */
            oldestClaimable: number;
            /** @description Root to claim against: `R_e`. */
            root: components["schemas"]["ScalarText"];
            /**
             * Format: int64
             * @description First second of the epoch.
             */
            startsAt: number;
        };
        /**
         * @description Commitments of one eye that the orb signed, with the salt that opens the second to the
         *     template beside it.
         */
        EyeCommitmentsRequest: {
            /** @description Commitment to code and mask, below the BN254 scalar modulus: 0x and 64 hexadecimal digits. */
            codeCommitment: components["schemas"]["ScalarText"];
            /**
             * @description Salt of the code commitment, below the BN254 scalar modulus: 0x and 64 hexadecimal digits.
             *     The service checks the template with it and does not keep it.
             */
            codeSalt: components["schemas"]["ScalarText"];
            /**
             * @description Commitment to the normalised iris, below the BN254 scalar modulus: 0x and 64 hexadecimal
             *     digits.
             */
            imageCommitment: components["schemas"]["ScalarText"];
        };
        /** @description Commitments of both eyes that the orb signed, in a statement of version 2. */
        IrisCommitmentsRequest: {
            /** @description Commitments of the left eye. */
            left: components["schemas"]["EyeCommitmentsRequest"];
            /** @description Commitments of the right eye. */
            right: components["schemas"]["EyeCommitmentsRequest"];
        };
        /**
         * @description Kind of an enrolment: a person joins for the first time or replaces a lost commitment.
         * @enum {string}
         */
        KindName: "new" | "recovery";
        /** @description The process runs and answers. */
        LivenessView: {
            /** @description Version of the service. */
            version: string;
        };
        /** @description Change of the model that a service's templates are made by. */
        ModelUpgradeView: {
            /** @description Hash of the verifying key under which codes by the new model are proved. */
            keyHash: components["schemas"]["WordText"];
            /** @description Hash of the new model's parameter file. */
            modelId: components["schemas"]["WordText"];
            /** @description Time until which people can change from home, Unix seconds. */
            oldUntil: components["schemas"]["UnsignedNumber"];
        };
        /**
         * @description State of one part of the service.
         * @enum {string}
         */
        PartStatus: "ready" | "not-ready";
        /** @description Report on one part of the service. */
        PartView: {
            /** @description Part of the service. */
            part: components["schemas"]["ServicePart"];
            /** @description Reason for which it cannot work. */
            reason?: string | null;
            /**
             * Format: int64
             * @description Unix time since when it cannot work.
             */
            since?: number | null;
            /** @description State of the part. */
            status: components["schemas"]["PartStatus"];
        };
        /** @description An error of the API (RFC 9457, `application/problem+json`). */
        Problem: {
            /**
             * @description Stable code.
             * @enum {string}
             */
            code: "body-not-json" | "body-invalid" | "body-unreadable" | "path-invalid" | "malformed-field" | "not-canonical" | "zero-commitment" | "proof-coordinate-out-of-range" | "proof-not-in-group" | "statement-version-invalid" | "capture-not-fresh" | "orb-signature-invalid" | "visit-signature-invalid" | "orb-not-active" | "orb-refused" | "route-unknown" | "tree-unknown" | "tile-unknown" | "claim-unknown" | "enrolment-unknown" | "package-unknown" | "model-upgrade-unknown" | "account-unknown" | "method-not-allowed" | "enrolment-duplicate" | "enrolment-review" | "nonce-used" | "commitment-taken" | "iris-commitment-used" | "template-upgraded" | "iris-uncommitted" | "recovery-too-soon" | "epoch-not-begun" | "epoch-without-members" | "nullifier-already-claimed" | "nullifier-spent" | "census-reached" | "claim-window-over" | "model-upgrade-over" | "body-too-slow" | "body-too-large" | "content-type-not-json" | "claim-proof-invalid" | "bad-recipient" | "fee-above-amount" | "nothing-to-recover" | "iris-digest-mismatch" | "model-mismatch" | "commitments-required" | "code-commitment-mismatch" | "encoding-proof-required" | "encoding-proof-mismatch" | "encoding-proof-invalid" | "upgraded-codes-required" | "template-unusable" | "orb-limit-reached" | "rate-limited" | "internal" | "payments-paused" | "claim-queue-full" | "enrolment-busy" | "membership-not-synced" | "chain-unavailable" | "store-unavailable" | "overloaded" | "request-timed-out";
            /** @description Next step for the sender, in a sentence. */
            detail: string;
            enrolmentId?: components["schemas"]["WordText"] | null;
            /** @description The field of the request that is wrong, if it is one. */
            field?: string | null;
            /**
             * Format: int64
             * @description Seconds to wait before the same request can succeed.
             */
            retryAfterSecs?: number | null;
            /**
             * Format: int32
             * @description HTTP status.
             */
            status: number;
            /** @description Summary of the problem, the same for every occurrence. */
            title: string;
            /** @description `urn:annona:problem:` and the code. */
            type: string;
        };
        /** @description The text of a file of both eyes' proofs of encoding. */
        ProofPairText: string;
        /** @description Report on the service: its state, and the parts that can and cannot work. */
        ReadinessView: {
            /** @description Reports on all parts. */
            parts: components["schemas"]["PartView"][];
            /** @description State of the service: ready if every part can work. */
            status: components["schemas"]["PartStatus"];
        };
        /**
         * @description The EIP-712 struct `ClaimReceipt` and its signature: the service's promise that a claim
         *     is paid by a time. The domain has the name `Annona`, the version `2`, the chain's id, and
         *     the distributor as the verifying contract.
         */
        ReceiptView: {
            /**
             * Format: int64
             * @description The payment is in a block of this time or an earlier one, Unix seconds. Time during
             *     which payments are paused does not count.
             */
            deadline: number;
            /**
             * Format: int64
             * @description The epoch claimed.
             */
            epoch: number;
            /** @description The fee in the token's smallest unit, decimal. */
            fee: components["schemas"]["AmountText"];
            /** @description Receives the fee. */
            feeRecipient: components["schemas"]["AddressText"];
            /** @description Nullifier hash of the claim. */
            nullifierHash: components["schemas"]["ScalarText"];
            /** @description Receives the epoch's amount less the fee. */
            recipient: components["schemas"]["AddressText"];
            /** @description `R_e`, the root that the claim was proved against. */
            root: components["schemas"]["ScalarText"];
            /** @description 65 bytes in hexadecimal: r, s, v. */
            signature: components["schemas"]["SignatureText"];
            /**
             * Format: int64
             * @description Time of the newest block when the claim was taken, Unix seconds.
             */
            takenAt: number;
        };
        /**
         * @description The EIP-712 struct `ClaimRefusal` and its signature, under the domain of receipts: the
         *     service's statement of why a claim that it took is not paid.
         */
        RefusalView: {
            /**
             * Format: int64
             * @description The newest block when the statement was made; the reason holds in it.
             */
            blockNumber: number;
            /**
             * Format: int64
             * @description Time of that block, Unix seconds.
             */
            blockTime: number;
            /**
             * Format: int64
             * @description The epoch claimed.
             */
            epoch: number;
            /** @description The fee in the token's smallest unit, decimal. */
            fee: components["schemas"]["AmountText"];
            /** @description Would have received the fee. */
            feeRecipient: components["schemas"]["AddressText"];
            /** @description Nullifier hash of the claim. */
            nullifierHash: components["schemas"]["ScalarText"];
            /** @description Stable code of the reason. */
            reason: string;
            /** @description Would have received the epoch's amount less the fee. */
            recipient: components["schemas"]["AddressText"];
            /** @description `R_e`, the root that the claim was proved against. */
            root: components["schemas"]["ScalarText"];
            /** @description 65 bytes in hexadecimal: r, s, v. */
            signature: components["schemas"]["SignatureText"];
        };
        /**
         * Format: bn254-scalar
         * @description A number below the order of the BN254 scalar field, as 32 big-endian bytes: 0x and 64 hexadecimal digits.
         */
        ScalarText: string;
        /**
         * @description Package that an orb sealed for the citizen before it, for the key in the visit code. The
         *     service keeps the ciphertext for a week, or until the citizen's device has it.
         */
        SealedPackageRequest: {
            /** @description Ciphertext, at most 36,864 bytes, in base 64. */
            sealed: components["schemas"]["Base64Text"];
            /** @description Public key of the visit, P-256 compressed: 0x and 66 hexadecimal digits. */
            visitKey: components["schemas"]["VisitKeyText"];
        };
        /** @description Package as the citizen's device gets it. */
        SealedPackageView: {
            /** @description Ciphertext in base 64, which the key of the visit opens. */
            sealed: components["schemas"]["Base64Text"];
        };
        /**
         * @description Something that the service cannot do without.
         * @enum {string}
         */
        ServicePart: "store" | "chain" | "contracts" | "membership" | "sequencer" | "relay" | "outbox" | "disk" | "clock";
        /** @description A signature: 0x and the 65 bytes r, s, v in hexadecimal; v is 0, 1, 27, 28 or, by EIP-155, at least 35. */
        SignatureText: string;
        /** @description An iris template of this service's model: 0x and two hexadecimal digits a byte. */
        TemplateText: string;
        /** @description Request to replace the templates of a person by those of the model that the service changes to. */
        TemplateUpgradeRequest: {
            /** @description Codes by the new model. */
            codes: components["schemas"]["UpgradedCodesRequest"];
            /** @description Commitment of the person: 0x and 64 hexadecimal digits. */
            commitment: components["schemas"]["CommitmentText"];
        };
        /** @description Answer to a person whose templates are those of the new model. */
        TemplateUpgradeView: {
            /** @description Commitment of the person. */
            commitment: components["schemas"]["CommitmentText"];
            /** @description Model of the templates now. */
            modelId: components["schemas"]["WordText"];
        };
        /**
         * Format: binary
         * @description Nodes, 32 big-endian bytes each.
         */
        TileBytes: string;
        /** @description A whole number below 2^64. */
        UnsignedNumber: number;
        /**
         * @description Codes of both eyes by the model that the service changes to, with the proofs that they came from
         *     the irises to which an orb committed.
         */
        UpgradedCodesRequest: {
            /**
             * @description Salt of the left eye's code commitment, below the BN254 scalar modulus: 0x and 64
             *     hexadecimal digits. The service does not keep it.
             */
            leftCodeSalt: components["schemas"]["ScalarText"];
            /** @description Template of the left eye by the new model, hexadecimal. */
            leftTemplate: components["schemas"]["AnyTemplateText"];
            /** @description Hash of the new model's parameter file: 0x and 64 hexadecimal digits. */
            modelId: components["schemas"]["WordText"];
            /** @description Proofs of both codes, for the purpose `model-upgrade`, the person's commitment and epoch 0. */
            proofs: components["schemas"]["ProofPairText"];
            /** @description Salt of the right eye's code commitment, as the left one's. */
            rightCodeSalt: components["schemas"]["ScalarText"];
            /** @description Template of the right eye by the new model, hexadecimal. */
            rightTemplate: components["schemas"]["AnyTemplateText"];
        };
        /** @description A public key of P-256, compressed: 0x and 66 hexadecimal digits. */
        VisitKeyText: string;
        /** @description Request of the citizen's device about its package. */
        VisitSignatureRequest: {
            /** @description Signature of the visit's key on the request, 64 bytes r, s: 0x and 128 hexadecimal digits. */
            signature: components["schemas"]["VisitSignatureText"];
        };
        /** @description An ECDSA signature of P-256, r and s: 0x and 128 hexadecimal digits. */
        VisitSignatureText: string;
        /** @description A hash or another word: 0x and 64 hexadecimal digits. */
        WordText: string;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    liveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LivenessView"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    openapi_document: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": Record<string, never>;
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Every part works. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadinessView"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description At least one part does not work now; the body says which, since when and why. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadinessView"];
                };
            };
        };
    };
    submit_claim: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClaimRequest"];
            };
        };
        responses: {
            /** @description The same claim was submitted before and is settled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClaimView"];
                };
            };
            /** @description Verified, stored, and not settled yet. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClaimView"];
                };
            };
            /**
             * @description `body-not-json`: The body is not JSON.
             *     `body-invalid`: The body lacks a field, has an unknown one, or one of another type.
             *     `malformed-field`: A field is not of its written form.
             *     `not-canonical`: A number is not below the BN254 scalar modulus.
             *     `proof-coordinate-out-of-range`: A coordinate of the proof is not below the BN254 base modulus.
             *     `proof-not-in-group`: A point of the proof is not in its group.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `census-reached`: The epoch has paid as many claims as it has members.
             *     `epoch-not-begun`: The epoch has not begun.
             *     `epoch-without-members`: The epoch has no members.
             *     `nullifier-already-claimed`: A claim for another payment with this nullifier was taken before.
             *     `nullifier-spent`: The nullifier was paid already.
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `claim-window-over`: The epoch can no longer be claimed. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `content-type-not-json`: The content type is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `bad-recipient`: The recipient of the money, or of the fee, would lose it.
             *     `claim-proof-invalid`: The proof does not hold for this claim.
             *     `fee-above-amount`: The fee exceeds what the epoch pays.
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `payments-paused`: Payments are paused.
             *     `claim-queue-full`: Too many claims are waiting.
             *     `chain-unavailable`: The chain gave no answer.
             *     `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_claim: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Nullifier hash: 0x and 64 hexadecimal digits. */
                nullifier: components["schemas"]["ScalarText"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClaimView"];
                };
            };
            /**
             * @description `path-invalid`: A part of the path cannot be read.
             *     `malformed-field`: A field is not of its written form.
             *     `not-canonical`: A number is not below the BN254 scalar modulus.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `claim-unknown`: No claim with this nullifier was taken. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    watch_claim: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Nullifier hash: 0x and 64 hexadecimal digits. */
                nullifier: components["schemas"]["ScalarText"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["ClaimView"];
                };
            };
            /** @description The claim is settled, and its last event was received. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `path-invalid`: A part of the path cannot be read.
             *     `malformed-field`: A field is not of its written form.
             *     `not-canonical`: A number is not below the BN254 scalar modulus.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `claim-unknown`: No claim with this nullifier was taken. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    config: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConfigView"];
                };
            };
            /** @description `body-unreadable`: The body did not arrive whole. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `overloaded`: Too many requests are under way. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    submit_enrolment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EnrolmentRequest"];
            };
        };
        responses: {
            /** @description The same packet was submitted before; its commitment is a final member, or was removed again. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnrolmentView"];
                };
            };
            /** @description Admitted, on the way into the registry. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnrolmentView"];
                };
            };
            /**
             * @description `body-not-json`: The body is not JSON.
             *     `body-invalid`: The body lacks a field, has an unknown one, or one of another type.
             *     `malformed-field`: A field is not of its written form.
             *     `not-canonical`: A number is not below the BN254 scalar modulus.
             *     `zero-commitment`: Zero cannot be a commitment.
             *     `statement-version-invalid`: The version of the orb's statement is unknown, or does not go with its commitments.
             *     `capture-not-fresh`: The capture is too old, or lies in the future.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `orb-signature-invalid`: The signature fits no orb. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `orb-not-active`: The orb is not active in the orb registry.
             *     `orb-refused`: Nothing is taken from this orb.
             */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `enrolment-duplicate`: This person is enrolled already.
             *     `enrolment-review`: The capture is neither clearly new nor clearly known.
             *     `nonce-used`: The nonce belongs to another enrolment.
             *     `commitment-taken`: The commitment is enrolled already.
             *     `recovery-too-soon`: The person's enrolment cannot be replaced yet.
             *     `iris-commitment-used`: A commitment to an iris or to a code was used before.
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `content-type-not-json`: The content type is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `nothing-to-recover`: Nobody like this is enrolled.
             *     `iris-digest-mismatch`: The templates are not the ones that the orb signed.
             *     `model-mismatch`: The templates were made with another encoder.
             *     `template-unusable`: A template has too few valid bits to decide on.
             *     `commitments-required`: The orb's statement has no commitments.
             *     `code-commitment-mismatch`: A template does not open its code commitment.
             *     `encoding-proof-required`: The packet has no proofs that its codes came from the model.
             *     `encoding-proof-mismatch`: The proofs of the codes are for another model, key, person or eye.
             *     `encoding-proof-invalid`: The proofs of the codes cannot be read, or do not hold.
             *     `upgraded-codes-required`: The packet has no codes by the model that the service changes to.
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `orb-limit-reached`: The orb has brought in as many people as it may in an epoch.
             *     `rate-limited`: Too many requests came in a short time.
             */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `enrolment-busy`: Too many people are joining at once.
             *     `chain-unavailable`: The chain gave no answer.
             *     `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_enrolment_by_nonce: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Nonce of the code that the phone showed: 0x and 64 hexadecimal digits. */
                nonce: components["schemas"]["WordText"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnrolmentView"];
                };
            };
            /**
             * @description `path-invalid`: A part of the path cannot be read.
             *     `malformed-field`: A field is not of its written form.
             *     `capture-not-fresh`: The capture is too old, or lies in the future.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `orb-refused`: Nothing is taken from this orb. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `enrolment-unknown`: No enrolment has this id or nonce. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `commitment-taken`: The commitment is enrolled already.
             *     `recovery-too-soon`: The person's enrolment cannot be replaced yet.
             *     `iris-commitment-used`: A commitment to an iris or to a code was used before.
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `nothing-to-recover`: Nobody like this is enrolled.
             *     `iris-digest-mismatch`: The templates are not the ones that the orb signed.
             *     `model-mismatch`: The templates were made with another encoder.
             *     `template-unusable`: A template has too few valid bits to decide on.
             *     `commitments-required`: The orb's statement has no commitments.
             *     `code-commitment-mismatch`: A template does not open its code commitment.
             *     `encoding-proof-required`: The packet has no proofs that its codes came from the model.
             *     `encoding-proof-mismatch`: The proofs of the codes are for another model, key, person or eye.
             *     `encoding-proof-invalid`: The proofs of the codes cannot be read, or do not hold.
             *     `upgraded-codes-required`: The packet has no codes by the model that the service changes to.
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `orb-limit-reached`: The orb has brought in as many people as it may in an epoch.
             *     `rate-limited`: Too many requests came in a short time.
             */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    collect_package: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Nonce of the code that the device showed: 0x and 64 hexadecimal digits. */
                nonce: components["schemas"]["WordText"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VisitSignatureRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SealedPackageView"];
                };
            };
            /**
             * @description `body-not-json`: The body is not JSON.
             *     `body-invalid`: The body lacks a field, has an unknown one, or one of another type.
             *     `path-invalid`: A part of the path cannot be read.
             *     `malformed-field`: A field is not of its written form.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `visit-signature-invalid`: The request is not signed by the key of the visit. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `package-unknown`: No package is kept for this visit. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `content-type-not-json`: The content type is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    confirm_package: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Nonce of the code that the device showed: 0x and 64 hexadecimal digits. */
                nonce: components["schemas"]["WordText"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VisitSignatureRequest"];
            };
        };
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `body-not-json`: The body is not JSON.
             *     `body-invalid`: The body lacks a field, has an unknown one, or one of another type.
             *     `path-invalid`: A part of the path cannot be read.
             *     `malformed-field`: A field is not of its written form.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `visit-signature-invalid`: The request is not signed by the key of the visit. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `package-unknown`: No package is kept for this visit. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `content-type-not-json`: The content type is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_enrolment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The enrolment's id: 0x and 64 hexadecimal digits. */
                id: components["schemas"]["WordText"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EnrolmentView"];
                };
            };
            /**
             * @description `path-invalid`: A part of the path cannot be read.
             *     `malformed-field`: A field is not of its written form.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `enrolment-unknown`: No enrolment has this id or nonce. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    current_epoch: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EpochView"];
                };
            };
            /** @description `body-unreadable`: The body did not arrive whole. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `epoch-not-begun`: The epoch has not begun. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `chain-unavailable`: The chain gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    find_model_upgrade: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelUpgradeView"];
                };
            };
            /** @description `body-unreadable`: The body did not arrive whole. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `model-upgrade-unknown`: The service changes to no other model. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `internal`: The service failed.
             *     `internal`: The service failed.
             */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    upgrade_templates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TemplateUpgradeRequest"];
            };
        };
        responses: {
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TemplateUpgradeView"];
                };
            };
            /**
             * @description `body-not-json`: The body is not JSON.
             *     `body-invalid`: The body lacks a field, has an unknown one, or one of another type.
             *     `malformed-field`: A field is not of its written form.
             *     `not-canonical`: A number is not below the BN254 scalar modulus.
             *     `zero-commitment`: Zero cannot be a commitment.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `orb-not-active`: The orb is not active in the orb registry. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `model-upgrade-unknown`: The service changes to no other model.
             *     `account-unknown`: Nobody who counts is enrolled with this commitment.
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `iris-uncommitted`: No orb committed to the irises of this person.
             *     `template-upgraded`: The templates of this person were replaced by others before.
             */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `model-upgrade-over`: The time for changing to the new model from home is over. */
            410: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `content-type-not-json`: The content type is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `model-mismatch`: The templates were made with another encoder.
             *     `template-unusable`: A template has too few valid bits to decide on.
             *     `encoding-proof-mismatch`: The proofs of the codes are for another model, key, person or eye.
             *     `encoding-proof-invalid`: The proofs of the codes cannot be read, or do not hold.
             */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `enrolment-busy`: Too many people are joining at once.
             *     `chain-unavailable`: The chain gave no answer.
             *     `store-unavailable`: The database gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    tile: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description An epoch that can be claimed. */
                epoch: components["schemas"]["UnsignedNumber"];
                /** @description Level of tiles: 0 at the leaves, 3 at the root. */
                level: components["schemas"]["UnsignedNumber"];
                /** @description Number of the tile on its level, from the left. */
                index: components["schemas"]["UnsignedNumber"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The nodes. As soon as no reorg can change them, caches may keep them for ever. */
            200: {
                headers: {
                    /** @description `immutable`, or `no-cache` while a reorg can change the tile. */
                    "Cache-Control"?: string;
                    /** @description Root of the tree, and the tile. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": components["schemas"]["TileBytes"];
                };
            };
            /** @description The tile is still the one of `If-None-Match`. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /**
             * @description `path-invalid`: A part of the path cannot be read.
             *     `malformed-field`: A field is not of its written form.
             *     `body-unreadable`: The body did not arrive whole.
             */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `tree-unknown`: There is no tree of this epoch.
             *     `tile-unknown`: The tree has no such tile.
             */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `method-not-allowed`: The route does not take this method. */
            405: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-slow`: The body did not arrive in time. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `body-too-large`: The body is too large. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: Too many requests came in a short time. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: The service failed. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /**
             * @description `membership-not-synced`: The membership tree has not caught up with the chain.
             *     `chain-unavailable`: The chain gave no answer.
             *     `request-timed-out`: The request took too long.
             *     `overloaded`: Too many requests are under way.
             */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
