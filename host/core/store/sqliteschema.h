// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

namespace fairlead::core::sqlite {

/// "Flds", in the header of every store, so that no other program's file is taken for one.
inline constexpr int kApplicationId = 0x466C6473;
/// Of the tables below. A store of a later one is left alone.
inline constexpr int kSchemaVersion = 2;
/// What the usual file system and flash card write in one piece.
inline constexpr int kPageSize = 4096;

/// The tables of an empty store, without its numbers in the header.
///
/// Bytes that clients chose are blobs, since no encoding is certain of them. In `message` the long
/// columns are last: what lies before them is then read without walking overflow pages.
inline constexpr const char *kTables
    = "CREATE TABLE meta(name TEXT PRIMARY KEY NOT NULL, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
      "CREATE TABLE session(number INTEGER PRIMARY KEY, expiry INTEGER NOT NULL,"
      " expires_utc INTEGER NOT NULL, key BLOB NOT NULL, peer_key BLOB NOT NULL,"
      " note BLOB NOT NULL, will_qos INTEGER, will_retain INTEGER, will_delay INTEGER,"
      " will_expiry INTEGER, will_topic BLOB, will_properties BLOB, will_payload BLOB) STRICT;"
      "CREATE TABLE subscription(session INTEGER NOT NULL, filter BLOB NOT NULL,"
      " id INTEGER NOT NULL, qos INTEGER NOT NULL, no_local INTEGER NOT NULL,"
      " retain_as_published INTEGER NOT NULL, show_positions INTEGER NOT NULL,"
      " overflow INTEGER NOT NULL, patience INTEGER NOT NULL, since INTEGER NOT NULL,"
      " PRIMARY KEY(session, filter)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE receivekey(session INTEGER NOT NULL, key INTEGER NOT NULL,"
      " PRIMARY KEY(session, key)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE retained(topic BLOB PRIMARY KEY NOT NULL, seq INTEGER NOT NULL)"
      " STRICT, WITHOUT ROWID;"
      "CREATE TABLE message(seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL,"
      " origin INTEGER NOT NULL, qos INTEGER NOT NULL, retain INTEGER NOT NULL,"
      " expiry_utc INTEGER NOT NULL, expiry_span INTEGER NOT NULL, streams INTEGER NOT NULL,"
      " time_utc INTEGER NOT NULL, targets BLOB NOT NULL, topic BLOB NOT NULL, properties BLOB NOT "
      "NULL,"
      " payload BLOB NOT NULL) STRICT;"
      "CREATE TABLE settled(seq INTEGER PRIMARY KEY, list BLOB NOT NULL) STRICT;"
      "CREATE TABLE tag(session INTEGER NOT NULL, seq INTEGER NOT NULL, copy INTEGER NOT NULL,"
      " tag INTEGER NOT NULL, body_done INTEGER NOT NULL,"
      " PRIMARY KEY(session, seq, copy)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE value(space BLOB NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,"
      " PRIMARY KEY(space, key)) STRICT, WITHOUT ROWID;"
      "INSERT INTO meta VALUES('epoch', 0), ('reservedSequence', 0), ('reservedSession', 0);";

/// Makes the tables of version 1 those of this one.
inline constexpr const char *kFromFirst
    = "ALTER TABLE message ADD COLUMN time_utc INTEGER NOT NULL DEFAULT 0";

} // namespace fairlead::core::sqlite
