// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "core/config/hostschema.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

namespace fairlead::core {

namespace {

constexpr char kHostSchema[] = R"({
  "type": "object",
  "properties": {
    "host": {
      "type": "object",
      "properties": {
        "state_dir": { "type": "string", "pattern": "^/" },
        "reactors": { "type": "integer", "minimum": 0, "maximum": 64, "default": 0 },
        "plugin_path": {
          "type": "array", "items": { "type": "string", "pattern": "^/" }, "default": []
        },
        "disabled_plugins": { "type": "array", "items": { "type": "string" }, "default": [] },
        "log_level": {
          "type": "string", "enum": ["debug", "info", "warning", "error"], "default": "info"
        },
        "log_format": {
          "type": "string", "enum": ["auto", "text", "journal", "json"], "default": "auto"
        }
      }
    },
    "limits": {
      "type": "object",
      "properties": {
        "sessions": { "type": "integer", "minimum": 1, "default": 100000 },
        "subscriptions_per_session": { "type": "integer", "minimum": 1, "default": 10000 },
        "max_session_expiry": {
          "type": "integer", "minimum": 0, "maximum": 4294967295, "default": 2592000
        },
        "queue_messages": { "type": "integer", "minimum": 1, "default": 10000 },
        "queue_bytes": { "type": "integer", "minimum": 1024, "default": 67108864 },
        "retained_messages": { "type": "integer", "minimum": 0, "default": 1000000 },
        "retained_bytes": { "type": "integer", "minimum": 0, "default": 1073741824 },
        "links": { "type": "integer", "minimum": 0, "default": 0 },
        "link_rate": { "type": "integer", "minimum": 0, "maximum": 1000000, "default": 256 },
        "link_rate_loopback": { "type": "boolean", "default": false }
      }
    },
    "store": {
      "type": "object",
      "properties": {
        "engine": { "type": "string", "enum": ["sqlite", "none"], "default": "sqlite" },
        "path": { "type": "string", "pattern": "^/" },
        "max_bytes": { "type": "integer", "minimum": 1048576, "default": 4294967296 },
        "max_waiting_bytes": {
          "type": "integer", "minimum": 65536, "default": 67108864
        },
        "commit_interval": { "type": "number", "minimum": 0, "maximum": 60, "default": 0 }
      }
    },
    "control": {
      "type": "object",
      "properties": {
        "socket": { "type": "string", "pattern": "^/" },
        "http": { "type": "string", "minLength": 1, "default": "127.0.0.1:8089" },
        "http_anywhere": { "type": "boolean", "default": false },
        "event_buffer": {
          "type": "integer", "minimum": 16, "maximum": 1048576, "default": 4096
        }
      }
    },
    "stream": {
      "type": "object",
      "additionalProperties": {
        "type": "object",
        "properties": {
          "name": { "type": "string" },
          "filter": { "type": "string", "minLength": 1 },
          "durable": { "type": "boolean", "default": false },
          "count": { "type": "integer", "minimum": 0, "maximum": 4294967295, "default": 1024 },
          "age": { "type": "number", "minimum": 0, "maximum": 3153600000, "default": 300 },
          "bytes": { "type": "integer", "minimum": 0, "default": 16777216 },
          "exclusive": { "type": "boolean", "default": false },
          "max_subscribers": { "type": "integer", "minimum": 0, "maximum": 100000 }
        }
      }
    },
    "endpoint": { "type": "object", "additionalProperties": true }
  }
})";

constexpr char kEndpointSchema[] = R"({
  "type": "object",
  "required": ["name", "url"],
  "properties": {
    "name": { "type": "string", "pattern": "^[a-z0-9-]{1,64}$" },
    "url": { "type": "string", "minLength": 1 },
    "role": { "type": "string", "enum": ["listen", "dial"], "default": "listen" },
    "allow_anonymous": { "type": "boolean" },
    "certificate": { "type": "string", "pattern": "^/" },
    "key": { "type": "string", "pattern": "^/" },
    "ca": { "type": "string", "pattern": "^/" },
    "require_certificate": { "type": "boolean", "default": false },
    "certificate_identity": {
      "type": "string", "enum": ["common-name", "subject", "fingerprint", "none"],
      "default": "common-name"
    },
    "peer_key_id": { "type": "string", "minLength": 1 },
    "verify_peer": { "type": "boolean", "default": true },
    "tls_min_version": { "type": "string", "enum": ["1.2", "1.3"], "default": "1.2" },
    "tls_ciphers": { "type": "string", "minLength": 1 },
    "allowed_origins": { "type": "array", "items": { "type": "string" }, "default": [] },
    "command": {
      "type": "array", "minItems": 1, "maxItems": 256,
      "items": { "type": "string" }
    },
    "working_directory": { "type": "string", "pattern": "^/" },
    "handshake_timeout": { "type": "number", "minimum": 0.001, "maximum": 3600, "default": 10 },
    "max_links": { "type": "integer", "minimum": 0, "default": 0 },
    "durability": {
      "type": "string", "enum": ["disk", "written", "memory"], "default": "disk"
    },
    "allow_from": { "type": "array", "items": { "type": "string" }, "default": [] },
    "deny_from": { "type": "array", "items": { "type": "string" }, "default": [] },
    "idle_timeout": { "type": "number", "minimum": 0, "maximum": 86400, "default": 0 },
    "overflow": {
      "type": "string", "default": "disconnect",
      "enum": ["disconnect", "drop-oldest", "drop-newest", "latest-per-topic", "block-up-to",
               "reject", "fault-source"]
    },
    "overflow_allowed": {
      "type": "array",
      "items": {
        "type": "string",
        "enum": ["disconnect", "drop-oldest", "drop-newest", "latest-per-topic", "block-up-to",
                 "reject"]
      },
      "default": ["disconnect", "drop-oldest", "drop-newest", "latest-per-topic", "block-up-to"]
    },
    "service_min_version": { "type": "string", "minLength": 1 },
    "service_versions": { "type": "array", "items": { "type": "string" }, "default": [] },
    "patience": { "type": "number", "minimum": 0, "maximum": 3600, "default": 0.25 },
    "notices": { "type": "boolean", "default": true },
    "observer": { "type": "boolean", "default": false },
    "enabled": { "type": "boolean", "default": true },
    "reconnect": { "type": "boolean", "default": true },
    "reconnect_delay": { "type": "number", "minimum": 0.001, "maximum": 3600, "default": 1 },
    "reconnect_max_delay": { "type": "number", "minimum": 0.001, "maximum": 86400, "default": 30 },
    "reconnect_attempts": { "type": "integer", "minimum": 0, "maximum": 4294967295, "default": 0 },
    "stable_after": { "type": "number", "minimum": 0, "maximum": 86400, "default": 30 },
    "dial_timeout": { "type": "number", "minimum": 0.001, "maximum": 3600, "default": 30 }
  }
})";

QJsonObject parsed(const char *text)
{
    const QJsonDocument document = QJsonDocument::fromJson(QByteArray(text));
    Q_ASSERT(document.isObject());
    return document.object();
}

} // namespace

const QJsonObject &hostSchema()
{
    static const QJsonObject schema = parsed(kHostSchema);
    return schema;
}

const QJsonObject &endpointSchema()
{
    static const QJsonObject schema = parsed(kEndpointSchema);
    return schema;
}

QJsonObject endpointSchemaFor(const QJsonObject &transportConfig)
{
    const QString propertiesKey = QStringLiteral("properties");
    const QString requiredKey = QStringLiteral("required");
    const QString additionalKey = QStringLiteral("additionalProperties");

    QJsonObject schema = endpointSchema();
    QJsonObject properties = transportConfig.value(propertiesKey).toObject();
    const QJsonObject own = schema.value(propertiesKey).toObject();
    for (auto it = own.begin(); it != own.end(); ++it)
        properties.insert(it.key(), it.value());
    schema.insert(propertiesKey, properties);

    QJsonArray required = schema.value(requiredKey).toArray();
    const QJsonArray more = transportConfig.value(requiredKey).toArray();
    for (const auto &key : more)
        required.append(key);
    schema.insert(requiredKey, required);
    if (transportConfig.contains(additionalKey))
        schema.insert(additionalKey, transportConfig.value(additionalKey));
    return schema;
}

QStringList endpointKeys()
{
    return endpointSchema().value(QStringLiteral("properties")).toObject().keys();
}

} // namespace fairlead::core
