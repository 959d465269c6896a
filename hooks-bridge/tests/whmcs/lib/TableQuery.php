<?php

declare(strict_types=1);

namespace Sealtrail\StandIn;

/** The small part of Illuminate's query builder that WHMCS modules commonly use. Rows are stdClass. */
final class TableQuery
{
    private $pdo;
    private $table;
    private $columns = ['*'];
    private $wheres = [];
    private $values = [];
    private $order = '';
    private $limit = '';

    public function __construct(\PDO $pdo, string $table)
    {
        $this->pdo = $pdo;
        $this->table = $table;
    }

    public function select(...$columns): self
    {
        $this->columns = is_array($columns[0] ?? null) ? $columns[0] : $columns;

        return $this;
    }

    public function where(string $column, $operatorOrValue, $value = null): self
    {
        $operator = func_num_args() === 3 ? $operatorOrValue : '=';
        $this->wheres[] = self::name($column) . ' ' . $operator . ' ?';
        $this->values[] = func_num_args() === 3 ? $value : $operatorOrValue;

        return $this;
    }

    public function orderBy(string $column, string $direction = 'asc'): self
    {
        $this->order = ' ORDER BY ' . self::name($column) . ($direction === 'desc' ? ' DESC' : '');

        return $this;
    }

    public function limit(int $rows): self
    {
        $this->limit = ' LIMIT ' . $rows;

        return $this;
    }

    public function get(?array $columns = null): \ArrayObject
    {
        $columns = $columns ?? $this->columns;
        $list = $columns === ['*'] ? '*' : implode(', ', array_map([self::class, 'name'], $columns));

        return new \ArrayObject($this->run('SELECT ' . $list . ' FROM ' . self::name($this->table), $this->values)->fetchAll(\PDO::FETCH_OBJ));
    }

    public function first(?array $columns = null)
    {
        return $this->limit(1)->get($columns)[0] ?? null;
    }

    public function value(string $column)
    {
        $row = $this->first([$column]);

        return $row === null ? null : $row->$column;
    }

    public function count(): int
    {
        return (int) $this->run('SELECT COUNT(*) FROM ' . self::name($this->table), $this->values)->fetchColumn();
    }

    public function insert(array $row): bool
    {
        $names = implode(', ', array_map([self::class, 'name'], array_keys($row)));
        $marks = implode(', ', array_fill(0, count($row), '?'));
        $this->pdo->prepare('INSERT INTO ' . self::name($this->table) . " ($names) VALUES ($marks)")->execute(array_values($row));

        return true;
    }

    public function insertGetId(array $row): int
    {
        $this->insert($row);

        return (int) $this->pdo->lastInsertId();
    }

    public function update(array $row): int
    {
        $sets = implode(', ', array_map(static function (string $column): string {
            return self::name($column) . ' = ?';
        }, array_keys($row)));

        return $this->run('UPDATE ' . self::name($this->table) . ' SET ' . $sets, array_merge(array_values($row), $this->values))->rowCount();
    }

    public function updateOrInsert(array $match, array $row): bool
    {
        foreach ($match as $column => $value) {
            $this->where($column, $value);
        }

        return $this->count() > 0 ? $this->update($row) >= 0 : $this->insert($match + $row);
    }

    public function delete(): int
    {
        return $this->run('DELETE FROM ' . self::name($this->table), $this->values)->rowCount();
    }

    private function run(string $sql, array $values): \PDOStatement
    {
        $where = $this->wheres === [] ? '' : ' WHERE ' . implode(' AND ', $this->wheres);
        $statement = $this->pdo->prepare($sql . $where . $this->order . $this->limit);
        $statement->execute($values);

        return $statement;
    }

    private static function name(string $name): string
    {
        return '`' . str_replace('`', '``', $name) . '`';
    }
}
