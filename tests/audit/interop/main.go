// Reads and writes logs with other people's code: golang.org/x/mod/sumdb/{tlog,note}, transparency-dev/{formats,merkle}.
//
//	interop check FOLDER VKEY OLD [WITNESS...]   a log that guard wrote: checkpoint, tiles, entries; proofs from the tiles
//	interop proof BUNDLE VKEY DICTIONARY [WITNESS...]   a proof that guard wrote
//	interop write FOLDER NAME OLD                a log for guard to read, of the entries on standard input, a line each
//	interop cosign KIND NAME CHECKPOINT          a witness's key and cosignature; KIND is ed25519 or ml-dsa-44
//
// Each prints one JSON object; whatever does not hold ends it with a message and exit code 1.
package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/transparency-dev/formats/log"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/compact"
	mproof "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8 // of a tile: 256 hashes

func main() {
	commands := map[string]func([]string) (any, error){"check": check, "proof": checkProof, "write": write, "cosign": cosign}
	command := commands[os.Args[1]]
	answer, err := command(os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(answer)
}

// open verifies a checkpoint with the log's key, and every witness's cosignature.
func open(text []byte, vkey string, witnesses []string) (*log.Checkpoint, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	var others []note.Verifier
	for _, key := range witnesses {
		other, err := fnote.NewVerifierForCosignatureV1(key)
		if err != nil {
			return nil, err
		}
		others = append(others, other)
	}
	head, _, opened, err := log.ParseCheckpoint(text, verifier.Name(), verifier, others...)
	if err != nil {
		return nil, err
	}
	if len(opened.Sigs) != 1+len(witnesses) {
		return nil, fmt.Errorf("%d of %d witnesses verify", len(opened.Sigs)-1, len(witnesses))
	}
	return head, nil
}

// resource is the path of a tile or bundle in tlog-tiles; sumdb's own paths have the height in front.
func resource(kind string, n int64, width int) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	if width < 1<<height {
		text += fmt.Sprintf(".p/%d", width)
	}
	return "tile/" + kind + "/" + text
}

type tiles struct{ folder string }

func (t tiles) Height() int                     { return height }
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (t tiles) ReadTiles(all []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range all {
		data, err := os.ReadFile(filepath.Join(t.folder, resource(strconv.Itoa(tile.L), tile.N, tile.W)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// entriesOf unpacks a bundle: each entry behind its length, two bytes, big-endian.
func entriesOf(data []byte) ([][]byte, error) {
	var found [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("a bundle ends inside an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		found, data = append(found, data[2:end]), data[end:]
	}
	return found, nil
}

func check(arguments []string) (any, error) {
	folder, vkey := arguments[0], arguments[1]
	old, err := strconv.ParseInt(arguments[2], 10, 64)
	if err != nil {
		return nil, err
	}
	name := "checkpoint"
	if len(arguments) > 3 {
		name = "checkpoint.witnessed"
	}
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return nil, err
	}
	head, err := open(text, vkey, arguments[3:])
	if err != nil {
		return nil, err
	}
	size, root := int64(head.Size), tlog.Hash(head.Hash)
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tiles{folder}) // verifies each tile that it reads
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	var records []tlog.RecordProof
	for start := int64(0); start < size; start += 1 << height {
		width := int(min(size-start, 1<<height))
		data, err := os.ReadFile(filepath.Join(folder, resource("entries", start>>height, width)))
		if err != nil {
			return nil, err
		}
		entries, err := entriesOf(data)
		if err != nil || len(entries) != width {
			return nil, fmt.Errorf("bundle %d: %d entries, %v", start>>height, len(entries), err)
		}
		for at, entry := range entries {
			index := start + int64(at)
			if err := tree.Append(rfc6962.DefaultHasher.HashLeaf(entry), nil); err != nil {
				return nil, err
			}
			record, err := tlog.ProveRecord(size, index, reader)
			if err != nil {
				return nil, err
			}
			if err := tlog.CheckRecord(record, size, root, index, tlog.RecordHash(entry)); err != nil {
				return nil, fmt.Errorf("entry %d: %w", index, err)
			}
			records = append(records, record)
		}
	}
	found, err := tree.GetRootHash(nil)
	if err != nil || !bytes.Equal(found, head.Hash) {
		return nil, fmt.Errorf("the entries do not hash to the checkpoint: %v", err)
	}
	extension, err := tlog.ProveTree(size, old, reader)
	if err != nil {
		return nil, err
	}
	oldRoot, err := tlog.TreeHash(old, reader)
	if err != nil {
		return nil, err
	}
	if err := tlog.CheckTree(extension, size, root, old, oldRoot); err != nil {
		return nil, err
	}
	return map[string]any{"size": size, "root": root, "records": records, "extension": extension, "old_root": oldRoot}, nil
}

func checkProof(arguments []string) (any, error) {
	data, err := os.ReadFile(arguments[0])
	if err != nil {
		return nil, err
	}
	dictionary, err := os.ReadFile(arguments[2])
	if err != nil {
		return nil, err
	}
	var bundle proof.TLogProof
	if err := bundle.Unmarshal(data); err != nil {
		return nil, err
	}
	if !bytes.Equal(bundle.Marshal(), data) {
		return nil, fmt.Errorf("the bundle is spelled in another way")
	}
	head, err := open(bundle.Checkpoint, arguments[1], arguments[3:])
	if err != nil {
		return nil, err
	}
	stream, sum := bundle.ExtraData[:len(bundle.ExtraData)-4], bundle.ExtraData[len(bundle.ExtraData)-4:]
	if crc32.ChecksumIEEE(stream) != binary.BigEndian.Uint32(sum) {
		return nil, fmt.Errorf("the packed entry is damaged")
	}
	if stream[0] != 2 {
		return nil, fmt.Errorf("the entry is packed in another form")
	}
	packed := bytes.NewReader(stream[1:])
	skeleton, err := io.ReadAll(io.LimitReader(flate.NewReaderDict(packed, dictionary), 1<<16))
	if err != nil {
		return nil, err
	}
	var entry []byte
	for at := 0; at < len(skeleton); at++ {
		if skeleton[at] != 1 && skeleton[at] != 2 {
			entry = append(entry, skeleton[at])
			continue
		}
		taken := make([]byte, skeleton[at+1])
		if _, err := io.ReadFull(packed, taken); err != nil {
			return nil, err
		}
		if skeleton[at] == 1 {
			entry = append(entry, hex.EncodeToString(taken)...)
		} else {
			entry = append(entry, base64.StdEncoding.EncodeToString(taken)...)
		}
		at++
	}
	var path [][]byte
	for _, hash := range bundle.Hashes {
		path = append(path, hash[:])
	}
	hasher := rfc6962.DefaultHasher
	err = mproof.VerifyInclusion(hasher, bundle.Index, head.Size, hasher.HashLeaf(entry), path, head.Hash)
	return map[string]any{"index": bundle.Index, "size": head.Size, "entry": string(entry)}, err
}

func write(arguments []string) (any, error) {
	folder, name := arguments[0], arguments[1]
	old, err := strconv.ParseInt(arguments[2], 10, 64)
	if err != nil {
		return nil, err
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		return nil, err
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	put := func(name string, data []byte) error {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o644)
	}
	sign := func(size int64) (string, error) {
		root, err := tlog.TreeHash(size, reader)
		if err != nil {
			return "", err
		}
		text := log.Checkpoint{Origin: name, Size: uint64(size), Hash: root[:]}.Marshal()
		signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
		return string(signed), err
	}
	var size int64
	var bundle []byte
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		hashes, err := tlog.StoredHashes(size, lines.Bytes(), reader)
		if err != nil {
			return nil, err
		}
		stored = append(stored, hashes...)
		bundle = append(binary.BigEndian.AppendUint16(bundle, uint16(len(lines.Bytes()))), lines.Bytes()...)
		size++
		if size%(1<<height) == 0 {
			if err := put(resource("entries", (size-1)>>height, 1<<height), bundle); err != nil {
				return nil, err
			}
			bundle = nil
		}
	}
	if bundle != nil {
		if err := put(resource("entries", size>>height, int(size%(1<<height))), bundle); err != nil {
			return nil, err
		}
	}
	for _, tile := range tlog.NewTiles(height, 0, size) {
		data, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			return nil, err
		}
		if err := put(resource(strconv.Itoa(tile.L), tile.N, tile.W), data); err != nil {
			return nil, err
		}
	}
	before, err := sign(old)
	if err != nil {
		return nil, err
	}
	head, err := sign(size)
	if err != nil {
		return nil, err
	}
	extension, err := tlog.ProveTree(size, old, reader)
	if err != nil {
		return nil, err
	}
	answer := map[string]any{"key": vkey, "before": before, "checkpoint": head, "extension": extension}
	return answer, put("checkpoint", []byte(head))
}

func cosign(arguments []string) (any, error) {
	kind, name := arguments[0], arguments[1]
	text, err := os.ReadFile(arguments[2])
	if err != nil {
		return nil, err
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, name)
	if err == nil && kind == "ml-dsa-44" {
		skey, vkey, err = fnote.GenerateMLDSAKey(name)
	} else if err == nil {
		vkey, err = fnote.VKeyToCosignatureV1(vkey)
	}
	if err != nil {
		return nil, err
	}
	signer, err := fnote.NewSignerForCosignatureV1(skey)
	if err != nil {
		return nil, err
	}
	body, _, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return nil, fmt.Errorf("not a checkpoint")
	}
	signature, err := signer.Sign(append(body, '\n'))
	if err != nil {
		return nil, err
	}
	raw := append(binary.BigEndian.AppendUint32(nil, signer.KeyHash()), signature...)
	line := name + " " + base64.StdEncoding.EncodeToString(raw)
	return map[string]any{"key": vkey, "line": line}, nil
}
