"""XDR (RFC 4506) for scenarios, by what rpc/dfs.x says: it shares no code with the programs."""
import re

WIDTHS = {"uint32_t": 4, "int32_t": 4, "bool": 4, "uint64_t": 8, "int64_t": 8, "void": 0}


class Wire:
    """The types of a .x file, as far as dfs.x goes; and values of them taken from bytes."""

    def __init__(self, text):
        text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
        text = re.sub(r"^[%#].*$", "", text, flags=re.M)
        self.consts = {n: int(v, 0) for n, v in re.findall(r"const\s+(\w+)\s*=\s*(\w+);", text)}
        self.consts.update(TRUE=1, FALSE=0)
        self.types = {}
        for name, body in re.findall(r"enum\s+(\w+)\s*{(.*?)}", text, re.S):
            words = dict(re.findall(r"(\w+)\s*=\s*(\d+)", body))
            self.consts.update({n: int(v) for n, v in words.items()})
            self.types[name] = ("enum", {int(v) for v in words.values()})
        for name, body in re.findall(r"struct\s+(\w+)\s*{(.*?)}", text, re.S):
            self.types[name] = ("struct", [self.declaration(x) for x in body.split(";") if x.strip()])
        for name, kind, word, body in re.findall(
                r"union\s+(\w+)\s+switch\s*\((\w+)\s+(\w+)\)\s*{(.*?)}", text, re.S):
            self.types[name] = ("union", kind, word, self.arms(body))
        for body in re.findall(r"typedef\s+(.*?);", text, re.S):
            field = self.declaration(body)
            self.types[field[0]] = ("alias", field)
        # Written by hand, in rpc/bytes.h.
        self.types.setdefault("dfs_bytes", ("alias", ("dfs_bytes", "opaque", ("<", "DFS_UNIT_MAX"))))
        self.procedures = {int(number): (args, result) for result, args, number in re.findall(
            r"(\w+)\s+DFS_\w+\((\w+)\)\s*=\s*(\d+);", text)}

    @staticmethod
    def declaration(text):
        """(name, type, how many): how many is None, "?", ("<", bound) or ("[", bound)"""
        type_, star, name, sort, bound = re.fullmatch(
            r"\s*(?:struct\s+)?(\w+)\s+(\*?)\s*(\w+)\s*([<\[]?)(\w*)[>\]]?\s*", text).groups()
        return name, type_, "?" if star else (sort, bound) if sort else None

    def arms(self, body):
        found, words = {}, []
        for label, field in re.findall(r"(?:case\s+(\w+)|default)\s*:([^:]*?;)?", body):
            words.append(label)
            if field:
                text = field.rstrip("; \n\t").strip()
                for word in words:
                    key = self.consts.get(word, word) if word else None
                    found[key] = None if text == "void" else self.declaration(text)
                words = []
        return found

    def reachable(self, name, found):
        """Adds all fields of a type, and of the types of its fields, as "type.field"."""
        sort, *rest = self.types.get(name, ("plain",))
        if sort == "alias":
            self.reachable(rest[0][1], found)
        fields = rest[0] if sort == "struct" else []
        if sort == "union":
            fields = [(rest[1], rest[0], None)] + [x for x in rest[2].values() if x]
        for field, type_, _ in fields:
            if f"{name}.{field}" not in found:
                found.add(f"{name}.{field}")
                self.reachable(type_, found)

    def take(self, name, data):
        """Takes a value of this type from data; dict, list, bytes or int."""
        sort, *rest = self.types.get(name, ("plain",))
        if sort == "plain":
            return data.number(WIDTHS[name]) if WIDTHS[name] else None
        if sort == "enum":
            value = data.number(4)
            data.demand(value in rest[0], f"{value} is no {name}")
            return value
        if sort == "alias":
            return self.field(rest[0], data)
        if sort == "struct":
            return {field[0]: self.field(field, data) for field in rest[0]}
        kind = self.take(rest[0], data)
        arm = rest[2].get(kind, rest[2].get(None))
        return {rest[1]: kind, **({arm[0]: self.field(arm, data)} if arm else {})}

    def field(self, field, data):
        _, type_, many = field
        if many is None:
            return self.take(type_, data)
        if many == "?":
            return self.take(type_, data) if data.number(4) else None
        bound = self.consts.get(many[1]) if not many[1].isdigit() else int(many[1])
        count = data.number(4) if many[0] == "<" else bound
        data.demand(count <= bound, f"{count} of at most {bound} {field[0]}")
        if type_ == "opaque":
            value = data.bytes(count)
            data.demand(not any(data.bytes(-count % 4)), "padding that is not zero")
            return value
        return [self.take(type_, data) for _ in range(count)]

    def give(self, name, value):
        """The reverse of take, but that it gives whatever it is told to."""
        sort, *rest = self.types.get(name, ("plain",))
        if sort == "plain" or sort == "enum":
            return (value or 0).to_bytes(WIDTHS.get(name, 4), "big")
        if sort == "alias":
            return self.give_field(rest[0], value)
        if sort == "struct":
            return b"".join(self.give_field(field, value[field[0]]) for field in rest[0])
        kind = value[rest[1]]
        arm = rest[2].get(kind, rest[2].get(None))
        return self.give(rest[0], kind) + (self.give_field(arm, value[arm[0]]) if arm else b"")

    def give_field(self, field, value):
        _, type_, many = field
        if many is None:
            return self.give(type_, value)
        if many == "?":
            return b"\0\0\0\0" if value is None else b"\0\0\0\1" + self.give(type_, value)
        count = len(value).to_bytes(4, "big") if many[0] == "<" else b""
        if type_ == "opaque":
            return count + value + bytes(-len(value) % 4)
        return count + b"".join(self.give(type_, one) for one in value)


class Data:
    """Bytes that are taken one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def demand(self, good, why):
        if not good:
            raise ValueError(f"{why} (at {self.at} of {len(self.data)})")

    def bytes(self, count):
        self.demand(self.at + count <= len(self.data), f"{count} more bytes")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, width):
        return int.from_bytes(self.bytes(width), "big")

    def end(self):
        self.demand(self.at == len(self.data), "bytes that belong to no field")
