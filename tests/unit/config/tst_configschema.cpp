// SPDX-FileCopyrightText: The Fairlead authors
// SPDX-License-Identifier: Apache-2.0

#include "configtest.h"
#include "core/config/schemavalidator.h"
#include "core/config/tomlreader.h"

using namespace fairlead;
using namespace fairlead::core;

class tst_ConfigSchema : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void valuesAreJudged_data();
    void valuesAreJudged();
    void defaultsAreFilledInAtEveryDepth();
    void aMissingKeyIsNamed();
    void secretsStayOutOfErrors();
    void tomlValuesBecomeJson();
    void brokenSchemasAreFound_data();
    void brokenSchemasAreFound();
    void theNearestWordIsNear_data();
    void theNearestWordIsNear();
};

namespace {

QJsonValue validated(const QByteArray &document, const QJsonObject &schema, ConfigErrors *errors)
{
    const std::optional<ConfigNode> tree = readToml(document, QStringLiteral("t.toml"), errors);
    return tree ? SchemaValidator(errors).validate(*tree, schema, QString()) : QJsonValue();
}

} // namespace

void tst_ConfigSchema::valuesAreJudged_data()
{
    QTest::addColumn<QByteArray>("member");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<ErrorCode>("code");
    const auto row = [](const char *name, const char *member, const char *value, ErrorCode code) {
        QTest::newRow(name) << QByteArray(member) << QByteArray(value) << code;
    };
    const ErrorCode none = ErrorCode::None;
    const ErrorCode type = ErrorCode::ConfigType;
    const ErrorCode range = ErrorCode::ConfigRange;
    row("integer", R"({"type":"integer"})", "3", none);
    row("a float is no integer", R"({"type":"integer"})", "3.0", type);
    row("text is no integer", R"({"type":"integer"})", "\"3\"", type);
    row("an integer is a number", R"({"type":"number"})", "3", none);
    row("infinity is no number", R"({"type":"number"})", "inf", type);
    row("boolean", R"({"type":"boolean"})", "true", none);
    row("a number is no boolean", R"({"type":"boolean"})", "1", type);
    row("minimum reached", R"({"type":"integer","minimum":3})", "3", none);
    row("below minimum", R"({"type":"integer","minimum":3})", "2", range);
    row("above maximum", R"({"type":"integer","maximum":3})", "4", range);
    row("fraction bound", R"({"type":"integer","minimum":0.5})", "0", range);
    row("largest integer",
        R"({"type":"integer","maximum":9007199254740993})",
        "9007199254740994",
        range);
    row("float above maximum", R"({"type":"number","maximum":1.5})", "1.6", range);
    row("short enough", R"({"type":"string","maxLength":2})", "\"\U0001F600x\"", none);
    row("too long", R"({"type":"string","maxLength":2})", "\"abc\"", range);
    row("too short", R"({"type":"string","minLength":1})", "\"\"", range);
    row("pattern", R"({"type":"string","pattern":"^a+$"})", "\"aa\"", none);
    row("pattern not met", R"({"type":"string","pattern":"^a+$"})", "\"ab\"", range);
    row("pattern ends at the end", R"({"type":"string","pattern":"^a+$"})", "\"a\\n\"", range);
    row("pattern may match inside", R"({"type":"string","pattern":"b"})", "\"abc\"", none);
    row("chosen", R"({"type":"string","enum":["x","y"]})", "\"y\"", none);
    row("not among the choices", R"({"type":"string","enum":["x","y"]})", "\"z\"", range);
    row("constant", R"({"type":"integer","const":4})", "4", none);
    row("another than the constant", R"({"type":"integer","const":4})", "5", range);
    row("items", R"({"type":"array","items":{"type":"integer"}})", "[1, 2]", none);
    row("wrong item", R"({"type":"array","items":{"type":"integer"}})", "[1, true]", type);
    row("a table is no array", R"({"type":"array"})", "{}", type);
    row("unknown key inside",
        R"({"type":"object","properties":{"a":{"type":"integer"}}})",
        "{ b = 1 }",
        ErrorCode::ConfigUnknownKey);
    row("open table", R"({"type":"object","additionalProperties":true})", "{ b = 1 }", none);
    row("typed open table",
        R"({"type":"object","additionalProperties":{"type":"string"}})",
        "{ b = 1 }",
        type);
    row("closed table",
        R"({"type":"object","additionalProperties":false})",
        "{ b = 1 }",
        ErrorCode::ConfigUnknownKey);
}

void tst_ConfigSchema::valuesAreJudged()
{
    QFETCH(QByteArray, member);
    QFETCH(QByteArray, value);
    QFETCH(ErrorCode, code);
    const QByteArray schema = R"({"type":"object","properties":{"v":)" + member + "}}";
    ConfigErrors errors;
    const QJsonObject result
        = validated("v = " + value, configtest::json(schema.constData()), &errors).toObject();
    if (code == ErrorCode::None) {
        QCOMPARE(configtest::texts(errors), QStringList());
        QVERIFY(result.contains(QStringLiteral("v")));
        return;
    }
    QCOMPARE(errors.size(), 1);
    QCOMPARE(errors[0].code(), code);
    QCOMPARE(errors[0].details().value(QStringLiteral("line")).toInt(), 1);
    QVERIFY(
        errors[0].details().value(QStringLiteral("key")).toString().startsWith(QLatin1Char('v')));
}

void tst_ConfigSchema::defaultsAreFilledInAtEveryDepth()
{
    const QJsonObject schema = configtest::json(R"({ "type": "object", "properties": {
        "a": { "type": "integer", "default": 7 },
        "table": { "type": "object", "required": ["b"], "properties": {
            "b": { "type": "string", "default": "x" }, "c": { "type": "boolean" } } },
        "incomplete": { "type": "object", "required": ["d"], "properties": {
            "d": { "type": "string" }, "e": { "type": "integer", "default": 1 } } },
        "given": { "type": "object", "properties": { "f": { "type": "integer", "default": 2 } } } } })");
    ConfigErrors errors;
    const QJsonValue result = validated("given = {}", schema, &errors);
    QCOMPARE(configtest::texts(errors), QStringList());
    QCOMPARE(result.toObject(),
             configtest::json(R"({ "a": 7, "table": { "b": "x" }, "given": { "f": 2 } })"));
}

void tst_ConfigSchema::aMissingKeyIsNamed()
{
    const QJsonObject schema = configtest::json(R"({ "type": "object", "properties": {
        "table": { "type": "object", "required": ["a"], "properties": {
            "a": { "type": "string" } } } } })");
    ConfigErrors errors;
    validated("\n[table]\n", schema, &errors);
    QCOMPARE(errors.size(), 1);
    QCOMPARE(errors[0].code(), ErrorCode::ConfigMissing);
    QCOMPARE(errors[0].details().value(QStringLiteral("key")).toString(),
             QStringLiteral("table.a"));
    QCOMPARE(errors[0].details().value(QStringLiteral("line")).toInt(), 2);
}

// DS-12
void tst_ConfigSchema::secretsStayOutOfErrors()
{
    const QJsonObject schema = configtest::json(R"({ "type": "object", "properties": {
        "key": { "type": "string", "maxLength": 3, "secret": true },
        "keys": { "type": "array", "secret": true, "items": { "type": "integer" } } } })");
    ConfigErrors errors;
    validated("key = \"canary\"\nkeys = [\"canary\"]", schema, &errors);
    QCOMPARE(errors.size(), 2);
    for (const Error &error : errors)
        QVERIFY2(!error.text().contains(QStringLiteral("canary")), qPrintable(error.text()));
}

void tst_ConfigSchema::tomlValuesBecomeJson()
{
    const QJsonObject schema = configtest::json(R"({ "type": "object",
        "additionalProperties": true })");
    ConfigErrors errors;
    const QJsonObject result
        = validated("i = 9223372036854775807\nf = 0.5\nb = true\ns = \"\u00e4\"\n"
                    "d = 2020-01-02\na = [1, [\"x\"]]\nt.u.v = 1\n",
                    schema,
                    &errors)
              .toObject();
    QCOMPARE(configtest::texts(errors), QStringList());
    QCOMPARE(result.value(QStringLiteral("i")).toInteger(), qint64(9223372036854775807));
    QJsonObject expected = configtest::json(R"({ "f": 0.5, "b": true, "s": "ä",
        "d": "2020-01-02", "a": [1, ["x"]], "t": { "u": { "v": 1 } } })");
    expected.insert(QStringLiteral("i"), result.value(QStringLiteral("i")));
    QCOMPARE(result, expected);
}

void tst_ConfigSchema::brokenSchemasAreFound_data()
{
    QTest::addColumn<QByteArray>("schema");
    QTest::addColumn<int>("problems");
    QTest::newRow("good") << QByteArray(R"({"type":"object","properties":{"a":{"type":"string"}}})")
                          << 0;
    QTest::newRow("no type") << QByteArray(R"({})") << 1;
    QTest::newRow("unknown type") << QByteArray(R"({"type":"null"})") << 1;
    QTest::newRow("inside") << QByteArray(
        R"({"type":"object","properties":{"a":{"type":"x"},"b":3}})")
                            << 2;
    QTest::newRow("pattern") << QByteArray(R"({"type":"string","pattern":"("})") << 1;
    QTest::newRow("bound") << QByteArray(R"({"type":"integer","minimum":"1"})") << 1;
    QTest::newRow("items") << QByteArray(R"({"type":"array","items":{"type":"x"}})") << 1;
    QTest::newRow("additional") << QByteArray(R"({"type":"object","additionalProperties":1})") << 1;
}

void tst_ConfigSchema::brokenSchemasAreFound()
{
    QFETCH(QByteArray, schema);
    QFETCH(int, problems);
    QCOMPARE(SchemaValidator::schemaProblems(configtest::json(schema.constData())).size(),
             problems);
}

void tst_ConfigSchema::theNearestWordIsNear_data()
{
    QTest::addColumn<QString>("word");
    QTest::addColumn<QString>("nearest");
    QTest::newRow("swapped") << QStringLiteral("recieve_maximum")
                             << QStringLiteral("receive_maximum");
    QTest::newRow("hyphen") << QStringLiteral("max-links") << QStringLiteral("max_links");
    QTest::newRow("case") << QStringLiteral("URL") << QStringLiteral("url");
    QTest::newRow("far") << QStringLiteral("completely_different") << QString();
    QTest::newRow("nothing left") << QStringLiteral("abc") << QString();
    QTest::newRow("endless") << QString(100000, QLatin1Char('x')) << QString();
}

void tst_ConfigSchema::theNearestWordIsNear()
{
    QFETCH(QString, word);
    QFETCH(QString, nearest);
    const QStringList known{
        QStringLiteral("receive_maximum"), QStringLiteral("max_links"), QStringLiteral("url")};
    QCOMPARE(nearestWord(word, known), nearest);
}

QTEST_APPLESS_MAIN(tst_ConfigSchema)
#include "tst_configschema.moc"
