//! The planted faults, a row each.

use super::{Side, Tier};

/// Makes the type of the rows below, so that nothing about a fault stands in two places.
macro_rules! plants {
    ($(#[doc = $words:literal] $plant:ident $name:literal $side:ident $tier:ident [$($breaks:literal),+],)+) => {
        /// A planted fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Plant {
            $(#[doc = $words] $plant,)+
        }

        impl Plant {
            /// Every planted fault.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$plant),+];

            /// Its name on the command line and in tables.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$plant => $name,)+ }
            }

            /// What it does, a sentence.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$plant => $words.trim_ascii(),)+ }
            }

            /// Whose fault it is.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $(Self::$plant => Side::$side,)+ }
            }

            /// Where it bites.
            #[must_use]
            pub const fn tier(self) -> Tier {
                match self { $(Self::$plant => Tier::$tier,)+ }
            }

            /// The requirements it breaks, the one it is about first.
            #[must_use]
            pub const fn breaks(self) -> &'static [&'static str] {
                match self { $(Self::$plant => &[$($breaks),+],)+ }
            }
        }
    };
}

plants! {
    /// An answer that comes twice drops the rest of the queue.
    DuplicateDropsQueue "duplicate-drops-queue" Server Cores ["REQ-ACK-008"],
    /// A late error overwrites an acknowledgement.
    LateErrorOverwrites "late-error-overwrites" Server Cores ["REQ-ACK-006"],
    /// What got `NotNow` is offered again at once, for ever.
    NotNowSpins "not-now-spins" Server Cores ["REQ-QUEUE-008"],
    /// The answer to the last command of a queue is taken, and the command delivered again.
    TailDeliveredAgain "tail-delivered-again" Server Cores ["REQ-ACK-006"],
    /// An administrator hears "accepted" before the command is durable.
    AcceptedBeforeDurable "accepted-before-durable" Server Cores ["REQ-QUEUE-001"],
    /// A device forgets over a restart which commands it has carried out.
    JournalForgets "journal-forgets" Device Cores ["REQ-ACK-004"],
    /// A wipe leaves its queue open.
    WipeLeavesQueue "wipe-leaves-queue" Server Cores ["REQ-ENROL-013"],
    /// A connection that was replaced goes on being served.
    TwoConnectionsDeliver "two-connections-deliver" Server Cores ["REQ-SESSION-006"],
    /// An answer to an earlier attempt closes the present one.
    StaleAttemptCloses "stale-attempt-closes" Server Cores ["REQ-ACK-007"],
    /// An expired command is delivered all the same.
    ExpiredIsDelivered "expired-is-delivered" Server Cores ["REQ-QUEUE-011"],
    /// The fourth crash of a device loses what it wrote last.
    FourthCrashLosesWrite "fourth-crash-loses-write" Device Cores ["REQ-ACK-002"],
    /// A session that ends does not hand back what is in flight.
    SessionKeepsInFlight "session-keeps-in-flight" Server Server ["REQ-ACK-009"],
    /// A command left for a session does not wake it.
    DeliverWakesNobody "deliver-wakes-nobody" Server Server ["REQ-QUEUE-006"],
    /// A device that did not come when it was pushed is never pushed again.
    PushedOnce "pushed-once" Server Cores ["REQ-PUSH-003"],
    /// A session answers the first idle of its device without a look into the queue.
    FirstIdleOffersNothing "first-idle-offers-nothing" Server Server ["REQ-QUEUE-003"],
    /// What got `NotNow` is never offered again.
    NotNowForgotten "not-now-forgotten" Server Wire ["REQ-QUEUE-008"],
    /// A command that was taken back is delivered all the same.
    CancelledIsDelivered "cancelled-is-delivered" Server Wire ["REQ-QUEUE-014"],
    /// A second command is handed out while the first is in flight.
    SecondInFlight "second-in-flight" Server Wire ["REQ-QUEUE-004"],
    /// The youngest command that waits is handed out first.
    YoungestFirst "youngest-first" Server Wire ["REQ-QUEUE-007"],
    /// A command that comes again has the number of the attempt before.
    AttemptStays "attempt-stays" Server Wire ["REQ-ACK-009"],
    /// A queue that is full goes on taking commands.
    QueueWithoutBound "queue-without-bound" Server Wire ["REQ-QUEUE-013"],
    /// What waits is lost when the server starts again.
    QueueLostOverRestart "queue-lost-over-restart" Server Wire ["REQ-QUEUE-001"],
    /// Secrets are acknowledged before they are durable.
    KeptBeforeDurable "kept-before-durable" Server Wire ["REQ-SESSION-011"],
    /// The device that a Hello names is served, whatever the certificate says.
    HelloIsBelieved "hello-is-believed" Server Wire ["REQ-SESSION-003"],
    /// A second Hello on a connection is passed over.
    SecondHelloTaken "second-hello-taken" Server Wire ["REQ-SESSION-004"],
    /// The certificate of a key the enrolment was not made with is good enough.
    AnyKeyAdmitted "any-key-admitted" Server Wire ["REQ-CERT-008"],
    /// A device whose enrolment has ended is let in.
    UnenrolledAdmitted "unenrolled-admitted" Server Wire ["REQ-SESSION-018"],
    /// A one-time token enrols a second key.
    OneTimeTokenForAll "one-time-token-for-all" Server Wire ["REQ-ENROL-008"],
    /// A token that has ended enrols.
    ExpiredTokenEnrols "expired-token-enrols" Server Wire ["REQ-ENROL-002"],
    /// The names a signing request asks for come into the certificate.
    RequestNamesCopied "request-names-copied" Server Wire ["REQ-CERT-012"],
    /// A client certificate that another CA has signed is trusted.
    AnyIssuerTrusted "any-issuer-trusted" Server Wire ["REQ-CERT-003"],
    /// A client certificate that has ended is trusted.
    EndedCertificateTrusted "ended-certificate-trusted" Server Wire ["REQ-CERT-003"],
    /// A client certificate for servers is trusted.
    AnyPurposeTrusted "any-purpose-trusted" Server Wire ["REQ-CERT-004"],
    /// Nobody has to prove to hold the key of the certificate it shows.
    KeyNotProved "key-not-proved" Server Wire ["REQ-CERT-003"],
    /// The server gives tickets and takes what comes in 0-RTT.
    EarlyDataTaken "early-data-taken" Server Wire ["REQ-TRANSPORT-005"],
    /// The server agrees to a protocol it does not speak.
    AnyProtocolAgreed "any-protocol-agreed" Server Wire ["REQ-TRANSPORT-002"],
    /// A frame may be as long as it says.
    FramesWithoutLimit "frames-without-limit" Server Wire ["REQ-FRAME-001"],
    /// A kind nobody has defined is passed over, from whomever it comes.
    UnknownKindPassedOver "unknown-kind-passed-over" Server Wire ["REQ-FRAME-006"],
    /// A field may be as long as its frame lets it.
    FieldsWithoutLimit "fields-without-limit" Server Wire ["REQ-LIMIT-002"],
    /// Every answer is one to the first attempt.
    FirstAttemptAnswered "first-attempt-answered" Device Wire ["REQ-ACK-001"],
    /// A command is acknowledged and nothing is done.
    NothingIsDone "nothing-is-done" Device Wire ["REQ-ACK-002"],
    /// A command is acknowledged before the device has stored what it did.
    AnsweredBeforeStored "answered-before-stored" Device Wire ["REQ-ACK-002"],
    /// A command that comes again is carried out again.
    DoneAgain "done-again" Device Wire ["REQ-ACK-003"],
    /// `NotNow` goes into the journal, and is the answer for ever.
    NotNowJournalled "not-now-journalled" Device Wire ["REQ-ACK-005"],
    /// The latest result is said again, unasked, on the next connection.
    ResultResent "result-resent" Device Wire ["REQ-ACK-010"],
    /// A command that cannot be read is passed over.
    UnreadableIgnored "unreadable-ignored" Device Wire ["REQ-FRAME-013"],
    /// A command whose time is over by the clock of the device is passed over.
    ExpiryJudged "expiry-judged" Device Wire ["REQ-QUEUE-012"],
    /// A device says hello twice.
    HelloTwice "hello-twice" Device Wire ["REQ-SESSION-001"],
    /// A change of the status is kept for the next hello.
    ChangeUnsaid "change-unsaid" Device Wire ["REQ-SESSION-008"],
    /// The policy of a Welcome is passed over.
    PolicyIgnored "policy-ignored" Device Wire ["REQ-SESSION-005"],
    /// A device that said `NotNow` is never idle again on this connection.
    IdleForgotten "idle-forgotten" Device Wire ["REQ-QUEUE-009"],
    /// Secrets are handed over once, whether they are acknowledged or not.
    SecretsSaidOnce "secrets-said-once" Device Wire ["REQ-SESSION-010"],
    /// Nothing is passed over, however new the server is.
    NewerNotUnderstood "newer-not-understood" Device Wire ["REQ-FRAME-006"],
    /// A device comes back at once, however often it failed.
    NeverAway "never-away" Device Wire ["REQ-SESSION-019"],
    /// A device comes back whatever the code says.
    CodesIgnored "codes-ignored" Device Wire ["REQ-CLOSE-003"],
    /// A device comes back with the certificate of an enrolment that is over.
    EndedLifeKept "ended-life-kept" Device Wire ["REQ-ENROL-015"],
    /// A device that TLS refuses comes back for ever.
    RefusalsForgotten "refusals-forgotten" Device Wire ["REQ-CERT-015"],
    /// A repeated enrolment is made with another key.
    KeyAnewEachTime "key-anew-each-time" Device Wire ["REQ-ENROL-010"],
    /// The key of a life is that of the next one, too.
    KeyOutlivesWipe "key-outlives-wipe" Device Wire ["REQ-CERT-013"],
    /// Whatever certificate comes in a reply is kept.
    AnyGrantKept "any-grant-kept" Device Wire ["REQ-ENROL-005"],
    /// Any server is trusted, whoever has signed its certificate.
    AnyServerTrusted "any-server-trusted" Device Wire ["REQ-CERT-001"],
}
