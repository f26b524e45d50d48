//! What the errors of the two databases mean: try again later, run the
//! transaction again, this key exists already, or a fault of the program.

use sqlx::{error::DatabaseError, mysql::MySqlDatabaseError};

use crate::error::Error;

/// What an error of the MySQL protocol says about the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    /// The transaction was rolled back and may be run again at once.
    Conflict,
    /// The server takes no writes, as during a failover, or is outside of its
    /// cluster. A new connection may lead to another server.
    WrongServer,
    /// The server cannot do this now.
    Unavailable,
}

/// The errors of MySQL and MariaDB that pass, by number and name. An error that
/// is not here is a fault of the program or of its set-up, and repeating the
/// call would not help. Left out on purpose: 1153 (a packet is too large for the
/// server's configuration), 1045 and 1142 (rights are missing), 1146 (a table is
/// missing), 1105 (unknown: it is used for errors of every kind).
const TRANSIENT: &[(u16, &str, Condition)] = &[
    // Lost against another transaction.
    (1020, "ER_CHECKREAD", Condition::Conflict),
    (1205, "ER_LOCK_WAIT_TIMEOUT", Condition::Conflict),
    (1213, "ER_LOCK_DEADLOCK", Condition::Conflict),
    (1412, "ER_TABLE_DEF_CHANGED", Condition::Conflict),
    (3101, "ER_TRANSACTION_ROLLBACK_DURING_COMMIT", Condition::Conflict),
    (3572, "ER_LOCK_NOWAIT", Condition::Conflict),
    // A replica, or a primary that is being replaced.
    (1036, "ER_OPEN_AS_READONLY", Condition::WrongServer),
    (1290, "ER_OPTION_PREVENTS_STATEMENT", Condition::WrongServer),
    (1792, "ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION", Condition::WrongServer),
    (1836, "ER_READ_ONLY_MODE", Condition::WrongServer),
    // A node of Galera that is not in its cluster.
    (1047, "ER_UNKNOWN_COM_ERROR", Condition::WrongServer),
    // The disk is full, here for temporary files.
    (1, "EE_CANTCREATEFILE", Condition::Unavailable),
    (3, "EE_WRITE", Condition::Unavailable),
    (20, "EE_DISK_FULL", Condition::Unavailable),
    // The disk is full, here for tables and logs.
    (1021, "ER_DISK_FULL", Condition::Unavailable),
    (1026, "ER_ERROR_ON_WRITE", Condition::Unavailable),
    (1114, "ER_RECORD_FILE_FULL", Condition::Unavailable),
    (1180, "ER_ERROR_DURING_COMMIT", Condition::Unavailable),
    // Memory, threads or locks have run out.
    (1037, "ER_OUTOFMEMORY", Condition::Unavailable),
    (1038, "ER_OUT_OF_SORTMEMORY", Condition::Unavailable),
    (1041, "ER_OUT_OF_RESOURCES", Condition::Unavailable),
    (1135, "ER_CANT_CREATE_THREAD", Condition::Unavailable),
    (1206, "ER_LOCK_TABLE_FULL", Condition::Unavailable),
    (1637, "ER_TOO_MANY_CONCURRENT_TRXS", Condition::Unavailable),
    // No more connections for us.
    (1040, "ER_CON_COUNT_ERROR", Condition::Unavailable),
    (1129, "ER_HOST_IS_BLOCKED", Condition::Unavailable),
    (1203, "ER_TOO_MANY_USER_CONNECTIONS", Condition::Unavailable),
    (1226, "ER_USER_LIMIT_REACHED", Condition::Unavailable),
    // The server stops.
    (1053, "ER_SERVER_SHUTDOWN", Condition::Unavailable),
    (1077, "ER_NORMAL_SHUTDOWN", Condition::Unavailable),
    (1078, "ER_GOT_SIGNAL", Condition::Unavailable),
    (1079, "ER_SHUTDOWN_COMPLETE", Condition::Unavailable),
    (1080, "ER_FORCING_CLOSE", Condition::Unavailable),
    // The connection broke, as the server saw it.
    (1152, "ER_ABORTING_CONNECTION", Condition::Unavailable),
    (1154, "ER_NET_READ_ERROR_FROM_PIPE", Condition::Unavailable),
    (1155, "ER_NET_FCNTL_ERROR", Condition::Unavailable),
    (1156, "ER_NET_PACKETS_OUT_OF_ORDER", Condition::Unavailable),
    (1157, "ER_NET_UNCOMPRESS_ERROR", Condition::Unavailable),
    (1158, "ER_NET_READ_ERROR", Condition::Unavailable),
    (1159, "ER_NET_READ_INTERRUPTED", Condition::Unavailable),
    (1160, "ER_NET_ERROR_ON_WRITE", Condition::Unavailable),
    (1161, "ER_NET_WRITE_INTERRUPTED", Condition::Unavailable),
    (1184, "ER_NEW_ABORTING_CONNECTION", Condition::Unavailable),
    // Somebody ended the statement or the connection, or a time limit did.
    (1317, "ER_QUERY_INTERRUPTED", Condition::Unavailable),
    (1927, "ER_CONNECTION_KILLED", Condition::Unavailable),
    (1969, "ER_STATEMENT_TIMEOUT", Condition::Unavailable),
    (3024, "ER_QUERY_TIMEOUT", Condition::Unavailable),
    (3169, "ER_SESSION_WAS_KILLED", Condition::Unavailable),
    (4031, "ER_CLIENT_INTERACTION_TIMEOUT", Condition::Unavailable),
    // What a proxy passes on when the server behind it is away.
    (2002, "CR_CONNECTION_ERROR", Condition::Unavailable),
    (2003, "CR_CONN_HOST_ERROR", Condition::Unavailable),
    (2006, "CR_SERVER_GONE_ERROR", Condition::Unavailable),
    (2013, "CR_SERVER_LOST", Condition::Unavailable),
    (2055, "CR_SERVER_LOST_EXTENDED", Condition::Unavailable),
    (9001, "PROXYSQL_CONNECT_TIMEOUT", Condition::Unavailable),
];

/// `ER_GET_ERRNO`: the storage engine's own error, whose number is in the text.
const STORAGE_ENGINE_ERROR: u16 = 1030;
/// ENOSPC, EDQUOT, EROFS; and of the engine: the table is read-only, the file is
/// full.
const TRANSIENT_ENGINE_ERRORS: [&str; 5] =
    ["error 28 ", "error 122 ", "error 30 ", "error 165 ", "error 135 "];

/// The primary result codes of SQLite that pass. After some of them, and after
/// others too, SQLite has rolled the transaction back on its own.
const SQLITE_TRANSIENT: &[(i32, &str)] = &[
    (5, "SQLITE_BUSY"),
    (6, "SQLITE_LOCKED"),
    (7, "SQLITE_NOMEM"),
    // The file system was mounted anew, read-only, after a fault of the disk.
    (8, "SQLITE_READONLY"),
    (9, "SQLITE_INTERRUPT"),
    (10, "SQLITE_IOERR"),
    (13, "SQLITE_FULL"),
    // No file descriptor was left, or no space for the file.
    (14, "SQLITE_CANTOPEN"),
    (15, "SQLITE_PROTOCOL"),
];

fn condition(error: &dyn DatabaseError) -> Option<Condition> {
    match error.try_downcast_ref::<MySqlDatabaseError>() {
        Some(mysql) => mysql_condition(mysql.number(), mysql.message()),
        None => sqlite_condition(error.code()?.parse().ok()?),
    }
}

fn mysql_condition(number: u16, message: &str) -> Option<Condition> {
    if number == STORAGE_ENGINE_ERROR {
        let transient = TRANSIENT_ENGINE_ERRORS.iter().any(|text| message.contains(text));
        return transient.then_some(Condition::Unavailable);
    }
    TRANSIENT.iter().find(|(of, ..)| *of == number).map(|(.., condition)| *condition)
}

/// `code` may be an extended one, which has the primary one in its low byte.
fn sqlite_condition(code: i32) -> Option<Condition> {
    let transient = SQLITE_TRANSIENT.iter().any(|(of, _)| *of == code & 0xff);
    transient.then_some(Condition::Unavailable)
}

/// What a failed statement means to the caller.
pub fn db_error(error: sqlx::Error) -> Error {
    if is_unavailable(&error) || is_deadlock(&error) {
        // The caller only sees that the database is not available.
        tracing::debug!(%error, "the database db_error");
        Error::DatabaseUnavailable
    } else {
        Error::internal(error)
    }
}

/// The database did not answer, the connection to it broke, or it cannot do
/// this now: worth trying again, and the outcome of what was under way is
/// unknown.
#[must_use]
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            matches!(condition(&**error), Some(Condition::Unavailable | Condition::WrongServer))
        }
        _ => false,
    }
}

/// This server takes no writes; another may.
#[must_use]
pub fn is_wrong_server(error: &sqlx::Error) -> bool {
    has_condition(error, Condition::WrongServer)
}

/// A deadlock or a lock that could not be had: the transaction was undone and
/// may be run again.
#[must_use]
pub fn is_deadlock(error: &sqlx::Error) -> bool {
    has_condition(error, Condition::Conflict)
}

/// A lock that was not to be waited for is held by somebody else. MySQL has an
/// error of its own for it, MariaDB has not.
#[must_use]
pub fn is_locked(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error)
        if error.try_downcast_ref::<MySqlDatabaseError>()
            .is_some_and(|mysql| matches!(mysql.number(), 1205 | 3572)))
}

#[must_use]
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.is_unique_violation())
}

fn has_condition(error: &sqlx::Error, wanted: Condition) -> bool {
    matches!(error, sqlx::Error::Database(error) if condition(&**error) == Some(wanted))
}

/// There is no such table: the schema is older, or there is none yet.
#[must_use]
pub fn is_no_table(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    match error.try_downcast_ref::<MySqlDatabaseError>() {
        Some(mysql) => mysql.number() == 1146,
        // SQLite has no code of its own for it.
        None => error.message().starts_with("no such table"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mysql_errors_that_pass_are_told_from_those_that_stay() {
        let condition = |number| mysql_condition(number, "");
        for number in [1040, 1053, 1077, 1080, 1158, 1159, 1184, 1226, 1927, 1969, 3024] {
            assert_eq!(condition(number), Some(Condition::Unavailable), "{number}");
        }
        for number in [1047, 1290, 1792, 1836] {
            assert_eq!(condition(number), Some(Condition::WrongServer), "{number}");
        }
        for number in [1205, 1213] {
            assert_eq!(condition(number), Some(Condition::Conflict), "{number}");
        }
        // A duplicate key, a syntax error, a packet too large, no such table.
        for number in [1062, 1064, 1146, 1153] {
            assert_eq!(condition(number), None, "{number}");
        }
        let engine = |message| mysql_condition(STORAGE_ENGINE_ERROR, message);
        let full = r#"Got error 28 "No space left on device" from storage engine InnoDB"#;
        assert_eq!(engine(full), Some(Condition::Unavailable));
        assert_eq!(engine("Got error 1877 \"Unknown error\" from storage engine InnoDB"), None);
    }

    #[test]
    fn each_mysql_error_is_listed_once() {
        let mut numbers: Vec<u16> = TRANSIENT.iter().map(|(number, ..)| *number).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]), "{numbers:?}");
    }

    #[test]
    fn sqlite_errors_are_judged_by_their_primary_code() {
        // SQLITE_IOERR_WRITE, SQLITE_BUSY_SNAPSHOT, SQLITE_FULL.
        for code in [0x030a, 0x0205, 13] {
            assert_eq!(sqlite_condition(code), Some(Condition::Unavailable), "{code}");
        }
        // A trigger's RAISE, a corrupt file, a file that is no database.
        for code in [0x0713, 11, 26, 1] {
            assert_eq!(sqlite_condition(code), None, "{code}");
        }
    }
}
