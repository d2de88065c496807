// The reader that is common to both formats, and the merge of several readers.
#include "io/capture.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "io/frame_format.hpp"

namespace keepstate::io {
namespace {

/// Why the first bytes are no capture.
Error not_a_capture(Input& input) {
    const std::size_t size = input.peek(4).size();
    std::string words = size == 0  ? "the file is empty: no capture"
                        : size < 4 ? "too short to be a capture"
                                   : "not a capture: neither pcap nor pcapng";
    if (input.trouble() != Trouble::none) words = input.trouble_words();
    return Error::of_file(ErrorKind::system, input.name(), std::move(words));
}

}  // namespace

CaptureReader::CaptureReader(std::unique_ptr<Input> input) : input_(std::move(input)) {}
CaptureReader::~CaptureReader() = default;

Result<std::unique_ptr<CaptureReader>> CaptureReader::open(const std::string& name,
                                                           const std::atomic<bool>* stop) {
    Result<std::unique_ptr<Input>> input = Input::open(name, stop);
    if (!input) return Unexpected(std::move(input.error()));
    std::unique_ptr<CaptureReader> reader(new CaptureReader(std::move(*input)));
    reader->format_ = make_pcap_format(*reader->input_);
    if (!reader->format_) reader->format_ = make_pcapng_format(*reader->input_);
    if (!reader->format_) return Unexpected(not_a_capture(*reader->input_));
    return reader;
}

ReadStatus CaptureReader::stop_at(ReadStatus status) {
    // A compressed stream that breaks exactly between two records looks like an end to the format.
    const Trouble trouble = input_->trouble();
    if (trouble == Trouble::interrupted) return last_ = ReadStatus::interrupted;
    if (status == ReadStatus::end && trouble == Trouble::none) return last_ = status;
    const std::string& words =
        trouble != Trouble::none ? input_->trouble_words() : format_->words();
    trouble_ = Error::of_file(ErrorKind::system, input_->name(),
                              "packet " + std::to_string(frames_ + 1) + ", byte " +
                                  std::to_string(input_->offset()) + ": " + words);
    return last_ = ReadStatus::broken;
}

ReadStatus CaptureReader::next(CapturedFrame& frame) {
    if (last_ != ReadStatus::frame) return last_;
    StoredFrame stored;
    const ReadStatus status = format_->next(stored);
    if (status != ReadStatus::frame) return stop_at(status);
    frame.number = ++frames_;
    frame.link = stored.link;
    frame.time = stored.time;
    frame.finer_than_us = stored.finer_than_us;
    frame.bytes = stored.bytes;
    frame.cut = stored.original_bytes > stored.bytes.size();
    const std::size_t full = std::min(stored.original_bytes, kMaxFrameBytes);
    if (full > stored.bytes.size()) {
        filled_.assign(full, 0);
        std::memcpy(filled_.data(), stored.bytes.data(), stored.bytes.size());
        frame.bytes = filled_;
    }
    return ReadStatus::frame;
}

CaptureMerge::CaptureMerge(std::vector<std::unique_ptr<CaptureReader>> readers)
    : readers_(std::move(readers)), heads_(readers_.size()) {}

bool CaptureMerge::is_later(std::uint32_t a, std::uint32_t b) const {
    return heads_[a].time != heads_[b].time ? heads_[a].time > heads_[b].time : a > b;
}

/// Reads the reader's next frame, its head, and puts it into the heap.
void CaptureMerge::pull(std::uint32_t index) {
    const ReadStatus status = readers_[index]->next(heads_[index]);
    heads_[index].capture = index;
    if (status == ReadStatus::broken) troubles_.push_back(readers_[index]->trouble());
    if (status == ReadStatus::interrupted) interrupted_ = true;
    if (status != ReadStatus::frame) return;
    heap_.push_back(index);
    std::push_heap(heap_.begin(), heap_.end(),
                   [this](std::uint32_t a, std::uint32_t b) { return is_later(a, b); });
}

void CaptureMerge::start() {
    if (started_) return;
    started_ = true;
    for (std::uint32_t i = 0; i < readers_.size(); ++i) pull(i);
}

std::vector<LinkNumber> CaptureMerge::first_links() {
    start();
    std::vector<LinkNumber> links;
    for (const std::uint32_t index : heap_) links.push_back(heads_[index].link);
    return links;
}

ReadStatus CaptureMerge::next(CapturedFrame& frame) {
    start();
    if (has_given_) {
        has_given_ = false;
        pull(given_);
    }
    if (interrupted_) return ReadStatus::interrupted;
    if (heap_.empty()) return ReadStatus::end;
    std::pop_heap(heap_.begin(), heap_.end(),
                  [this](std::uint32_t a, std::uint32_t b) { return is_later(a, b); });
    given_ = heap_.back();
    heap_.pop_back();
    has_given_ = true;
    frame = heads_[given_];
    return ReadStatus::frame;
}

std::uint64_t CaptureMerge::file_offset() const {
    std::uint64_t sum = 0;
    for (const auto& reader : readers_) sum += reader->input().file_offset();
    return sum;
}

std::uint64_t CaptureMerge::file_size() const {
    std::uint64_t sum = 0;
    for (const auto& reader : readers_) {
        const std::uint64_t size = reader->input().file_size();
        if (size == 0) return 0;
        sum += size;
    }
    return sum;
}

}  // namespace keepstate::io
