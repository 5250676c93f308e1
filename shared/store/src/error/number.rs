//! The error numbers of MySQL and MariaDB, sorted by cause. Both servers share the numbers below 1900.

/// A unique key is taken.
pub(super) const DUPLICATE_KEY: u16 = 1062;

/// The cause of a server's error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A lock was lost to another transaction: the statement, and where it was a deadlock the transaction, is undone.
    Lost,
    /// Something else happened at the same time; the whole transaction may succeed when it is run again.
    Contention,
    /// The server, the network, or a limit of the server.
    Outage,
    /// A value: the same statement with another one would succeed.
    Value,
    /// The statement, or anything this list does not know.
    Statement,
}

/// A deadlock (1213), a lock waited for too long (1205), a row that changed under a MariaDB snapshot (1020).
const LOST: [u16; 3] = [1020, 1205, 1213];

/// A table that was altered meanwhile (1412), a prepared statement that must be prepared again (1615), too many
/// transactions at once (1637), a commit that failed with the one before it (1964), a transaction that a plugin rolled
/// back (3101), locks of the server itself (1613, 1614, 3058, 3132, 3133).
const CONTENTION: [u16; 10] = [1412, 1613, 1614, 1615, 1637, 1964, 3058, 3101, 3132, 3133];

/// Each row is a reason of its own.
const OUTAGE: &[&[u16]] = &[
    // Full: connections, threads, memory, locks, prepared statements, transactions' logs.
    &[
        1037, 1038, 1040, 1041, 1119, 1135, 1197, 1203, 1206, 1226, 1436, 1461, 3170,
    ],
    // Full or broken: disk, files, tables.
    &[
        1015, 1016, 1021, 1023, 1024, 1026, 1028, 1030, 1034, 1035, 1114, 1194, 1195, 1297, 1534,
        1598, 1712, 1815, 1877,
    ],
    // Read-only: a failover has made it a replica, or an operator has.
    &[1036, 1207, 1223, 1290, 1792, 1836, 1874],
    // Starting, stopping, offline, without its cluster, failing in a commit.
    &[1047, 1053, 1077, 1078, 1079, 1080, 1180, 3032, 3100, 3168],
    // The session or the statement was ended: by somebody, by its time (MySQL 3024, MariaDB 1969), by silence.
    &[1152, 1184, 1317, 1927, 1969, 3024, 3164, 3169, 4031],
    // The way to it: the handshake, packets that got lost.
    &[
        1042, 1043, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 3159,
    ],
    // Not let in, or not allowed: a blocked host, a password or a right that is being changed.
    &[
        1044, 1045, 1049, 1129, 1130, 1142, 1143, 1227, 1820, 1862, 3118,
    ],
];

/// Each row is a reason of its own. Numbers that their SQLSTATE classes are left out: see [`class`].
const VALUE: &[&[u16]] = &[
    // A text that is none, a number or a date that a function does not take, a value that would be cut.
    &[1265, 1300, 1366, 1411, 1525, 1977],
    // Too large for a packet, or for a row.
    &[1118, 1153, 1162, 1301, 1713],
    // A broken check.
    &[3819, 4025],
    // JSON that is none, too deep, too large or out of range; a path that leads nowhere (MySQL).
    &[
        3140, 3141, 3142, 3143, 3144, 3145, 3146, 3147, 3148, 3149, 3150, 3151, 3153, 3155, 3156,
        3157, 3158, 3165,
    ],
    // The same (MariaDB).
    &[
        4035, 4036, 4037, 4038, 4039, 4040, 4041, 4042, 4043, 4044, 4045, 4176, 4178, 4179,
    ],
];

/// Sorts an error by its number and, for data exceptions (22), constraints (23) and the refusals of triggers (45), by its
/// SQLSTATE.
pub(super) fn class(number: u16, state: &str) -> Class {
    let is_in = |lists: &[&[u16]]| lists.iter().any(|list| list.contains(&number));
    if LOST.contains(&number) {
        Class::Lost
    } else if CONTENTION.contains(&number) {
        Class::Contention
    } else if is_in(OUTAGE) {
        Class::Outage
    } else if is_in(VALUE) || ["22", "23", "45"].iter().any(|c| state.starts_with(c)) {
        Class::Value
    } else {
        Class::Statement
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Number, SQLSTATE as the servers send it, class.
    const KNOWN: [(u16, &str, Class); 37] = [
        (1644, "45000", Class::Value),
        (1213, "40001", Class::Lost),
        (1205, "HY000", Class::Lost),
        (1020, "HY000", Class::Lost),
        (1412, "HY000", Class::Contention),
        (1615, "HY000", Class::Contention),
        (1637, "HY000", Class::Contention),
        (3101, "40000", Class::Contention),
        (1040, "08004", Class::Outage),
        (1461, "42000", Class::Outage),
        (1129, "HY000", Class::Outage),
        (1114, "HY000", Class::Outage),
        (1021, "HY000", Class::Outage),
        (1026, "HY000", Class::Outage),
        (1290, "HY000", Class::Outage),
        (1317, "70100", Class::Outage),
        (3024, "HY000", Class::Outage),
        (1969, "70100", Class::Outage),
        (1045, "28000", Class::Outage),
        (1142, "42000", Class::Outage),
        (1158, "08S01", Class::Outage),
        (3032, "HY000", Class::Outage),
        (4031, "HY000", Class::Outage),
        (1153, "08S01", Class::Value),
        (1301, "HY000", Class::Value),
        (1366, "HY000", Class::Value),
        (1264, "22003", Class::Value),
        (1406, "22001", Class::Value),
        (1062, "23000", Class::Value),
        (1048, "23000", Class::Value),
        (3140, "22032", Class::Value),
        (3141, "22032", Class::Value),
        (3155, "22003", Class::Value),
        (3157, "22032", Class::Value),
        (4025, "23000", Class::Value),
        (4038, "HY000", Class::Value),
        (1146, "42S02", Class::Statement),
    ];

    #[test]
    fn every_known_error_is_the_servers_the_values_or_the_statements() {
        for (number, state, expected) in KNOWN {
            assert_eq!(class(number, state), expected, "{number} {state}");
        }
        for (number, state) in [(1054, "42S22"), (1064, "42000"), (1305, "42000")] {
            assert_eq!(class(number, state), Class::Statement, "{number} {state}");
        }
    }

    #[test]
    fn no_error_is_of_two_classes() {
        let lists = [&LOST[..], &CONTENTION[..]].into_iter();
        let lists = lists.chain(OUTAGE.iter().chain(VALUE).copied());
        let mut all: Vec<u16> = lists.flatten().copied().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
